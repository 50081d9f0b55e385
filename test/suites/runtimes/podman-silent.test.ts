import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { socklens } from '../../support/cli.ts';
import { until } from '../../support/netns.ts';
import { isRunning, removeCgroups } from '../../support/private-processes.ts';
import { programMissing } from '../../support/runtimes/available.ts';
import { PODMAN_USER, startPodmans, type TestPodmans } from '../../support/runtimes/podman.ts';

/* Podman of which no socket is there, as on most machines: its conmons and its storage. */

const missing = programMissing('podman', 'conmon', 'runc', 'newuidmap', 'busybox');
if (missing !== undefined) test.skip(`Podman: ${missing}`, () => {});

interface Row {
  name: string;
  id: string;
  pid: number;
}

describe.skipIf(missing !== undefined)('Podman without a socket', () => {
  let podmans: TestPodmans;
  /** Processes and cgroups of containers without a conmon, which nothing else removes. */
  const left: number[] = [];
  const cgroups = new Set<string>();
  beforeAll(async () => {
    podmans = await startPodmans();
    // Where Podman keeps containers unless it is told otherwise.
    const { folder, enter } = podmans;
    const [command = '', ...rest] = enter;
    const links = `mkdir -p /var/lib/containers "$0/home/.local/share/containers"
      rm -rf /var/lib/containers/storage; ln -s "$0/storage" /var/lib/containers/storage
      ln -s "$0/home/storage" "$0/home/.local/share/containers/storage"`;
    execFileSync(command, [...rest, 'sh', '-euc', links, folder]);
  });
  afterAll(async () => {
    for (const pid of left) process.kill(pid, 'SIGKILL');
    await removeCgroups(cgroups);
    await podmans?.stop();
  });

  const ask = (...args: string[]) => socklens(args, {}, [...podmans.asMachine]);
  const rows = (): Row[] => (JSON.parse(ask('ps', '--json').stdout) as { containers: Row[] }).containers;
  const rowOf = (id: string) => rows().find((row) => row.id === id);

  /** Kills the conmon of a container, which goes on. */
  async function withoutConmon(id: string, pid: number): Promise<void> {
    const conmon = Number(/^PPid:\t(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
    expect(fs.readFileSync(`/proc/${conmon}/cmdline`, 'latin1')).toContain(id);
    left.push(pid);
    process.kill(conmon, 'SIGKILL');
    await until('the end of conmon', () => !isRunning(conmon));
  }

  test('a container that was renamed has its new name', () => {
    const { id, pid } = podmans.root.run('before');
    podmans.root.podman('rename', 'before', 'after');
    expect(rowOf(id)).toMatchObject({ name: 'after', pid });
    expect(ask('ls', 'after').status).toBe(0);
    expect(ask('ls', 'before').status).toBe(3);
  });

  test('a pod has a row for each container and none for its infra container; pod: and the beginning of its id', async () => {
    const { root } = podmans;
    const pod = root.podman('pod', 'create', '--name', 'quiet');
    const app = root.run('quiet-app', ['--pod', 'quiet'], 'exec /bin/busybox nc -l -p 8080');
    const side = root.run('quiet-side', ['--pod', 'quiet'], 'exec /bin/busybox nc -l -p 9090');
    const names = rows().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['quiet-app', 'quiet-side']));
    expect(names.filter((name) => name.includes('infra'))).toEqual([]);
    const listens = (target: string) => ask('ls', target, 'state', 'listening').stdout;
    await until('both listeners', () => {
      const all = listens(`pod:${pod.slice(0, 12)}`);
      return all.includes(':8080') && all.includes(':9090');
    });
    expect(listens('quiet-app')).not.toContain(':9090');
    expect([rowOf(app.id)?.pid, rowOf(side.id)?.pid]).toEqual([app.pid, side.pid]);
  });

  test('the process of `podman exec` is none of a container', async () => {
    const { root } = podmans;
    const { id, pid } = root.run('entered');
    root.podman('exec', '--detach', 'entered', '/bin/busybox', 'sleep', '1000001');
    // Its status is 1 where there is none yet. Of this container: another test may have such a process too.
    const inside = ['--ns', String(pid), '--nslist', 'pid', '--full', 'sleep 1000001'];
    await until('the process', () => spawnSync('pgrep', inside).status === 0);
    expect(rows().filter((row) => row.id === id)).toMatchObject([{ name: 'entered', pid }]);
  });

  test("a container whose conmon was killed has the name of root's storage", async () => {
    const { id, pid } = podmans.root.run('lonely');
    cgroups.add(`/libpod_parent/libpod-${id}`);
    await withoutConmon(id, pid);
    expect(rowOf(id)).toMatchObject({ name: 'lonely', pid });
    expect(ask('ls', 'lonely').status).toBe(0);
  });

  test("and that of the user's storage for a container of the user", async () => {
    const { id, pid } = podmans.user.run('u-lonely', ['--network', 'none']);
    // As a systemd of the user would: without one there is no cgroup.
    const root = fs.existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';
    const cgroup = `/sltest-user-${process.pid}/libpod-${id}.scope`;
    cgroups.add(cgroup).add(`/sltest-user-${process.pid}`);
    fs.mkdirSync(`${root}${cgroup}`, { recursive: true });
    fs.writeFileSync(`${root}${cgroup}/cgroup.procs`, String(pid));
    await withoutConmon(id, pid);
    expect(rowOf(id)).toMatchObject({ name: 'u-lonely', pid });
    const { status, stderr } = ask('kill', 'u-lonely', 'state', 'all', '--yes');
    expect([status, stderr]).toEqual([0, '']);
  });

  test("a user's containers, with and without a network of their own", async () => {
    const { user } = podmans;
    const none = user.run('s-none', ['--network', 'none'], 'exec /bin/busybox nc -l -p 7070');
    const host = user.run('s-host', ['--network', 'host'], 'exec /bin/busybox nc -l -p 6060');
    expect(rowOf(none.id)).toMatchObject({ name: 's-none', pid: none.pid, runtime: 'podman' });
    expect(rowOf(host.id)).toMatchObject({ name: 's-host', pid: host.pid, runtime: 'podman' });
    await until('the listener', () => ask('ls', 's-none', 'state', 'listening').stdout.includes(':7070'));
    await until('the other', () => ask('ls', 's-host', 'state', 'listening').stdout.includes(':6060'));
    // Its word is the user's: on the host's network it closes nothing.
    const { status, stderr } = ask('kill', 's-host', '--netns', 'state', 'all', '--yes', '--including-listeners');
    expect(status).toBe(4);
    expect(stderr).toContain(`only user ${PODMAN_USER} says`);
  });
});
