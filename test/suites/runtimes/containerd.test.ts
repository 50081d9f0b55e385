/** A containerd that no setting names, with pods and with containers of `ctr` in several namespaces. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpAnswer, startFakeEngine } from '../../integration/fake-engine.ts';
import { LAUNCHER } from '../../support/cli.ts';
import { until } from '../../support/netns.ts';
import { BOX_IMAGE, startContainerd, type TestContainerd } from '../../support/runtimes/containerd.ts';
import { Pods, type TestPod, type TestPodContainer } from '../../support/runtimes/pods.ts';

const started = await startContainerd();

if (typeof started === 'string') test.skip(`containerd: ${started}`, () => {});
else describeContainerd(started);

/** What the tests read of a row of `ps --json`. */
interface Row {
  name: string;
  id: string;
  runtime: string;
  netns: number;
}

interface RuntimeRow {
  endpoint?: string;
  state: string;
}

function describeContainerd(containerd: TestContainerd): void {
  const pods = new Pods(containerd);
  /** Ids of `ctr`, which a person chooses, are those of this test alone. */
  const plain = `plain-${process.pid}`;
  const other = `other-${process.pid}`;
  const beside = `beside-${process.pid}`;
  let pod: TestPod;
  let web: TestPodContainer;
  let agent: TestPodContainer;

  beforeAll(async () => {
    pod = await pods.run({ name: `shop-${process.pid}`, namespace: 'prod', labels: { app: 'shop' } });
    web = await pods.start(pod, { name: 'web', script: 'exec nc -l -p 8080' });
    const node = await pods.run({ name: `agent-${process.pid}`, hostNetwork: true });
    agent = await pods.start(node, { name: 'agent' });
    runCtr('default', plain);
    runCtr('work', other);
    // As nerdctl does with `--namespace k8s.io`: no pod has it, and CRI does not know it.
    runCtr('k8s.io', beside);
    await until('the listener', () => inNetns(web.pid, 'ss', '-tlnH').includes(':8080'));
  });
  afterAll(async () => {
    await containerd.stop();
    await pods.removeCgroups();
  });

  function runCtr(namespace: string, id: string): void {
    const { snapshotter } = containerd;
    containerd.ctr(namespace, 'run', '-d', '--snapshotter', snapshotter, BOX_IMAGE, id, 'sleep', '1000000');
  }

  function inNetns(pid: number, ...command: string[]): string {
    return execFileSync('nsenter', ['-t', String(pid), '-n', ...command], { encoding: 'utf8' });
  }

  function socklens(args: readonly string[], env: Record<string, string> = {}) {
    const [command = '', ...rest] = [...containerd.asMachine, LAUNCHER, ...args];
    return spawnSync(command, rest, { encoding: 'utf8', env: { ...process.env, ...env } });
  }

  /** As {@link socklens}, while this process answers. */
  async function later(args: readonly string[], env: Record<string, string> = {}) {
    const [command = '', ...rest] = [...containerd.asMachine, LAUNCHER, ...args];
    const child = spawn(command, rest, { env: { ...process.env, ...env } });
    const answer = { status: null as number | null, stdout: '', stderr: '' };
    child.stdout.on('data', (piece) => (answer.stdout += piece));
    child.stderr.on('data', (piece) => (answer.stderr += piece));
    [answer.status] = await once(child, 'close');
    return answer;
  }

  /** The rows of this test, by name. */
  function rows(env: Record<string, string> = {}): Row[] {
    const { stdout, stderr } = socklens(['ps', '--json'], env);
    if (stdout === '') throw new Error(stderr);
    const { containers } = JSON.parse(stdout) as { containers: Row[] };
    return containers
      .filter(({ name, id }) => `${name} ${id}`.includes(String(process.pid)))
      .map(({ name, id, runtime, netns }) => ({ name, id, runtime, netns }));
  }

  const names = () => [`default/agent-${process.pid}/agent`, `k8s.io/${beside}`, plain, web.name, `work/${other}`];

  describe('containerd, found by its shims alone', () => {
    test('pods and containers of ctr of every namespace have one row each, sandboxes none', () => {
      expect(rows().map(({ name }) => name)).toEqual(names().sort());
      expect(rows().every(({ runtime }) => runtime === 'containerd')).toBe(true);
    });

    test.each(['CONTAINER_RUNTIME_ENDPOINT', 'CONTAINERD_ADDRESS'])('the same where %s names its socket', (name) => {
      expect(rows({ [name]: `unix://${containerd.socket}` })).toEqual(rows());
    });

    test('a peer with the address of a pod has its name, by CRI', async () => {
      const server = await pods.run({ name: `server-${process.pid}`, namespace: 'prod' });
      const { pid: serving } = await pods.start(server, { script: 'sleep 1000000 | nc -l -p 9090' });
      const [, address = ''] =
        /inet ([\d.]+)/.exec(inNetns(serving, 'ip', '-4', '-o', 'address', 'show', 'eth0')) ?? [];
      await until('the listener', () => inNetns(serving, 'ss', '-tlnH').includes(':9090'));
      const client = await pods.run({ name: `client-${process.pid}` });
      const { pid } = await pods.start(client, { script: `sleep 1000000 | nc ${address} 9090` });
      await until('the connection', () => inNetns(pid, 'ss', '-tnH').includes(`${address}:9090`));
      const { sockets } = JSON.parse(socklens(['ls', `pod:default/${client.name}`, '-t', '--json']).stdout);
      expect(sockets).toMatchObject([{ peer: { address, port: 9090, name: `prod/${server.name}` } }]);
      await pods.remove(client);
      await pods.remove(server);
    });

    test.each([
      ['by its name', () => plain, () => plain],
      ['by namespace and id', () => `work/${other}`, () => `work/${other}`],
      ['by the id alone', () => other, () => `work/${other}`],
      ['as a container of a pod', () => web.name, () => web.name],
      ['by the beginning of its id', () => agent.id.slice(0, 12), () => agent.name],
    ])('a container is a target %s', (_, target, name) => {
      const { stdout, stderr } = socklens(['ls', target(), '-t', '--json']);
      expect(stderr).not.toContain('no such container');
      expect(JSON.parse(stdout).target).toMatchObject({ name: name() });
    });

    test('a container of a pod that has stopped is said to have', async () => {
      const stopped = await pods.start(pod, { name: 'once' });
      await pods.stopContainer(stopped.id);
      const { status, stderr } = socklens(['ls', stopped.name]);
      expect(status).toBe(3);
      expect(stderr).toMatch(/the container is not running; it stopped at /);
      await pods.removeContainer(stopped.id);
    });

    test('runtimes tells its socket, version and how many of its containers run', () => {
      const { runtimes } = JSON.parse(socklens(['runtimes', '--json']).stdout) as { runtimes: RuntimeRow[] };
      const row = runtimes.find(({ endpoint }) => endpoint === `unix://${containerd.socket}`);
      const [, , version] = containerd.run('containerd', '--version').split(' ');
      expect(row).toEqual({
        runtime: 'containerd',
        endpoint: `unix://${containerd.socket}`,
        state: 'running',
        version,
        containers: names().length,
      });
    });

    test('a container of another runtime with the same name: both are told, and each is named by its runtime', async () => {
      const id = '5'.repeat(64);
      const docker = await startFakeEngine({
        [`/containers/${plain}/json`]: httpAnswer({
          Id: id,
          Name: `/${plain}`,
          State: { Running: true, Pid: 1, StartedAt: '2026-11-24T02:02:51Z', FinishedAt: '0001-01-01T00:00:00Z' },
          Config: { Labels: null },
        }),
        '*': httpAnswer([{ Id: id, Names: [`/${plain}`] }]),
      });
      try {
        const env = { DOCKER_HOST: docker.endpoint };
        const { status, stderr } = await later(['ls', plain], env);
        expect([status, stderr]).toEqual([3, expect.stringContaining(`docker:${plain} (${'5'.repeat(12)})`)]);
        expect(stderr).toContain(`containerd:${plain} (${plain})`);
        const { stdout } = await later(['ls', `containerd:${plain}`, '--json'], env);
        expect(JSON.parse(stdout).target).toMatchObject({ name: plain, runtime: 'containerd' });
      } finally {
        await docker.remove();
      }
    });

    test.each(['DOCKER_HOST', 'CONTAINER_RUNTIME_ENDPOINT', 'CONTAINERD_ADDRESS'])(
      '%s is a link to its socket: each container has one row',
      (name) => {
        const link = `${containerd.folder}/${name}.sock`;
        fs.symlinkSync(containerd.socket, link);
        const env = { [name]: `unix://${link}` };
        expect(rows(env).map((row) => row.name)).toEqual(names().sort());
        const { runtimes } = JSON.parse(socklens(['runtimes', '--json'], env).stdout) as { runtimes: RuntimeRow[] };
        const ofLink = runtimes.filter(({ endpoint }) => endpoint === `unix://${link}`);
        // What is set for Docker is asked as Docker, and said to be none.
        expect(ofLink).toMatchObject(name === 'DOCKER_HOST' ? [{ state: 'nonsense' }] : []);
      },
    );

    test('a runtime that hangs delays a command by its bound, and is named', async () => {
      // The kernel takes the connection, and nobody answers.
      const server = net.createServer();
      const socket = `${containerd.folder}/hangs.sock`;
      await new Promise<void>((resolve) => void server.listen(socket, resolve));
      try {
        const { stdout, stderr } = await later(['ps'], { CONTAINER_RUNTIME_ENDPOINT: `unix://${socket}` });
        for (const name of names()) expect(stdout).toContain(name);
        expect(stderr).toContain(`${socket} did not answer within 5 s`);
      } finally {
        server.close();
      }
    });

    test('a container of nerdctl has a name with control characters: none reaches the terminal', () => {
      const id = `odd-${process.pid}`;
      containerd.ctr(
        'default',
        'containers',
        'create',
        '--snapshotter',
        containerd.snapshotter,
        '--label',
        'nerdctl/name=\u001b[2Jodd',
        BOX_IMAGE,
        id,
      );
      const { stdout, stderr } = socklens(['ps']);
      expect(stdout + stderr).not.toContain('\u001b');
      containerd.ctr('default', 'containers', 'rm', id);
    });

    test('without its API the shims tell the names', async () => {
      await containerd.halt();
      try {
        expect(rows().map(({ name }) => name)).toEqual(names().sort());
      } finally {
        await containerd.resume();
      }
    });
  });
}
