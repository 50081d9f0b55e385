import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerRuntimes } from '../../../src/runtimes/docker/docker-runtimes.ts';
import type { Runtime } from '../../../src/runtimes/runtime.ts';
import { socklens } from '../../support/cli.ts';
import { until } from '../../support/netns.ts';
import { programMissing } from '../../support/runtimes/available.ts';
import { PODMAN_USER, startPodmans, type TestPodmans } from '../../support/runtimes/podman.ts';

const missing = programMissing('podman', 'conmon', 'runc', 'newuidmap', 'busybox');
if (missing !== undefined) test.skip(`Podman: ${missing}`, () => {});

let podmans: TestPodmans;
beforeAll(async () => {
  podmans = await startPodmans();
});
afterAll(() => podmans?.stop());

/** Inode of the network namespace of a process, by readlink(1). */
function netnsOf(pid: number): number {
  return Number(execFileSync('readlink', [`/proc/${pid}/ns/net`], { encoding: 'utf8' }).replace(/\D/g, ''));
}

describe('rootful Podman', () => {
  let runtime: Runtime;
  const made: Record<string, { id: string; pid: number }> = {};
  beforeAll(async () => {
    const { root } = podmans;
    await root.serve();
    root.podman('pod', 'create', '--name', 'shop');
    made.app = root.run('shop-app', ['--pod', 'shop']);
    made.side = root.run('shop-side', ['--pod', 'shop']);
    made.solo = root.run('solo', ['--ulimit', 'nofile=100:200', '--ulimit', 'nproc=4096:4096', '--label', 'team=a']);
    made.hostnet = root.run('hostnet', ['--network', 'host']);
    const [first] = dockerRuntimes(
      { CONTAINER_HOST: `unix://${root.socket}`, DOCKER_HOST: `unix://${root.socket}` },
      '/',
    );
    if (first !== undefined) runtime = first;
  });
  afterAll(() => podmans.root.stopService());

  test('one list has PIDs, network namespaces and pods', async () => {
    const byName = new Map((await runtime.list()).map((facts) => [facts.name, facts]));
    expect(runtime.name).toBe('podman');
    for (const [key, name] of Object.entries({
      app: 'shop-app',
      side: 'shop-side',
      solo: 'solo',
      hostnet: 'hostnet',
    })) {
      const { id, pid } = made[key] ?? { id: '', pid: 0 };
      expect(byName.get(name)).toMatchObject({ runtime: 'podman', id, pid, netns: netnsOf(pid) });
    }
    const pod = podmans.root.podman('pod', 'inspect', '--format', '{{.ID}} {{.InfraContainerID}}', 'shop');
    const [podId, infraId] = pod.split(' ');
    for (const name of ['shop-app', 'shop-side'])
      expect(byName.get(name)).toMatchObject({
        pod: { id: podId, name: 'shop' },
        networkMode: `container:${infraId}`,
        addresses: [],
      });
    expect(byName.get('solo')).toMatchObject({ networkMode: 'bridge', labels: { team: 'a' } });
    expect(byName.get('solo')).not.toHaveProperty('pod');
    const infra = [...byName.values()].filter(({ isInfra }) => isInfra === true);
    expect(infra.map(({ id }) => id)).toEqual([infraId]);
  });

  test('addresses are those of the namespace', async () => {
    const solo = (await runtime.list()).find(({ name }) => name === 'solo');
    const text = execFileSync(
      'nsenter',
      ['-t', String(made.solo?.pid), '-n', 'ip', '-4', '-o', 'address', 'show', 'scope', 'global'],
      {
        encoding: 'utf8',
      },
    );
    expect(solo?.addresses.map(({ address }) => address)).toEqual([/inet ([^/]+)/.exec(text)?.[1]]);
  });

  test('declared limits are those of its process; a pod is known of a container that is found', async () => {
    const [solo] = await runtime.find('solo');
    expect(solo?.limits).toContainEqual({ name: 'nofile', soft: 100, hard: 200 });
    expect(fs.readFileSync(`/proc/${made.solo?.pid}/limits`, 'latin1')).toMatch(/^Max open files +100 +200 /m);
    expect(await runtime.find('shop-app')).toMatchObject([
      { pod: { name: 'shop' }, netns: netnsOf(made.app?.pid ?? 0) },
    ]);
  });

  test('a paused container is listed', async () => {
    podmans.root.podman('pause', 'solo');
    try {
      expect((await runtime.list()).map(({ name }) => name)).toContain('solo');
    } finally {
      podmans.root.podman('unpause', 'solo');
    }
  });

  test('ps has a row for each container, none for the infra container, and says who shares', () => {
    const env = { CONTAINER_HOST: `unix://${podmans.root.socket}`, DOCKER_HOST: `unix://${podmans.root.socket}` };
    const { stdout, status } = socklens(['ps', '--json'], env, [...podmans.asMachine]);
    expect(status).toBe(0);
    const names = (JSON.parse(stdout) as { containers: { name: string }[] }).containers.map(({ name }) => name);
    for (const name of ['shop-app', 'shop-side', 'solo', 'hostnet']) expect(names).toContain(name);
    expect(names.filter((name) => name.includes('infra'))).toEqual([]);
  });
});

describe('targets of a pod', () => {
  const names = (args: string[]) => {
    const { root } = podmans;
    const env = { CONTAINER_HOST: `unix://${root.socket}`, DOCKER_HOST: `unix://${root.socket}` };
    return socklens(args, env, [...podmans.asMachine]);
  };
  beforeAll(async () => {
    const { root } = podmans;
    await root.serve();
    root.podman('pod', 'create', '--name', 'till');
    root.run('till-app', ['--pod', 'till'], 'exec /bin/busybox nc -l -p 8080');
    root.run('till-side', ['--pod', 'till'], 'exec /bin/busybox nc -l -p 9090');
  });
  afterAll(() => podmans.root.stopService());

  test('pod:POD is the whole network namespace, pod:POD/CONTAINER one container', async () => {
    const listens = (target: string) => names(['ls', target, 'state', 'listening']).stdout;
    await until('both listeners', () => /:8080/.test(listens('pod:till')) && /:9090/.test(listens('pod:till')));
    expect(listens('pod:till/till-app')).toMatch(/:8080/);
    expect(listens('pod:till/till-app')).not.toMatch(/:9090/);
    expect(names(['ls', 'pod:tiil'])).toMatchObject({ status: 3, stderr: expect.stringContaining('pod:till?') });
  });
});

describe("an ordinary user's Podman, at the socket in the user's own folder", () => {
  const made: Record<string, { id: string; pid: number }> = {};
  beforeAll(async () => {
    await podmans.user.serve();
    // Without subordinate networks: slirp4netns takes /dev/net/tun.
    made.none = podmans.user.run('u-none', ['--network', 'none'], 'exec /bin/busybox nc -l -p 7070');
    made.host = podmans.user.run('u-host', ['--network', 'host'], 'exec /bin/busybox nc -l -p 6060');
  });
  afterAll(() => podmans.user.stopService());

  test('root finds it without any setting, and the process without a cgroup', () => {
    const { stdout, stderr, status } = socklens(['ps', '--json'], {}, [...podmans.asMachine]);
    expect([status, stderr]).toEqual([0, '']);
    const rows = (JSON.parse(stdout) as { containers: { name: string; pid: number; runtime: string }[] }).containers;
    for (const [name, { pid }] of Object.entries({ 'u-none': made.none, 'u-host': made.host } as typeof made))
      expect(rows.find((row) => row.name === name)).toMatchObject({ pid, runtime: 'podman' });
  });

  test('its sockets are listed, and closed where the network is its own', async () => {
    const listens = () => socklens(['ls', 'u-none', 'state', 'listening'], {}, [...podmans.asMachine]);
    await until('the listener', () => listens().stdout.includes(':7070'));
    const kill = ['kill', 'u-none', '--including-listeners', 'state', 'listening', '--yes'];
    expect(socklens(kill, {}, [...podmans.asMachine])).toMatchObject({ status: 0, stderr: '' });
    expect(listens().stdout).not.toContain(':7070');
  });

  test("on the host's network its word closes nothing", async () => {
    const listens = () => socklens(['ls', 'u-host', 'state', 'listening'], {}, [...podmans.asMachine]).stdout;
    await until('the listener', () => listens().includes(':6060'));
    const kill = ['kill', 'u-host', '--netns', 'state', 'all', '--yes', '--including-listeners'];
    const { status, stderr } = socklens(kill, {}, [...podmans.asMachine]);
    expect(stderr).toContain(`only user ${PODMAN_USER} says`);
    expect(status).toBe(4);
    expect(listens()).toContain(':6060');
  });
});
