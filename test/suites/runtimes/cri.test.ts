import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CriRuntime } from '../../../src/runtimes/containerd/cri-runtime.ts';
import { LAUNCHER } from '../../support/cli.ts';
import { until } from '../../support/netns.ts';
import { LIMITED, startContainerd, type TestContainerd } from '../../support/runtimes/containerd.ts';
import { Pods, type TestPod, type TestPodContainer } from '../../support/runtimes/pods.ts';

const started = await startContainerd();

if (typeof started === 'string') test.skip(`containerd: ${started}`, () => {});
else describeCri(started);

function describeCri(containerd: TestContainerd): void {
  const pods = new Pods(containerd);
  let pod: TestPod;
  let web: TestPodContainer;
  let side: TestPodContainer;
  let onHost: TestPodContainer;

  beforeAll(async () => {
    pod = await pods.run({ name: 'shop-1', namespace: 'prod', labels: { app: 'shop' } });
    web = await pods.start(pod, { name: 'web', script: 'exec nc -l -p 8080', env: { PASSWORD: 'hunter2' } });
    side = await pods.start(pod, { name: 'side' });
    const node = await pods.run({ name: 'agent', namespace: `system-${process.pid}`, hostNetwork: true });
    onHost = await pods.start(node, { name: 'agent', script: 'exec nc -l -p 9191' });
    await until('both listeners', () => {
      const rows = (pid: number) =>
        execFileSync('nsenter', ['-t', String(pid), '-n', 'ss', '-tlnH'], { encoding: 'utf8' });
      return rows(web.pid).includes(':8080') && rows(onHost.pid).includes(':9191');
    });
  });
  afterAll(async () => {
    await containerd.stop();
    await pods.removeCgroups();
  });

  function socklens(...args: string[]): string {
    const [command = '', ...rest] = [...containerd.asMachine, LAUNCHER, ...args];
    const env = { ...process.env, CONTAINER_RUNTIME_ENDPOINT: `unix://${containerd.socket}` };
    return execFileSync(command, rest, { encoding: 'utf8', env });
  }

  /** Local ports of the sockets of `ls --json`. */
  function ports(target: string): number[] {
    const { sockets } = JSON.parse(socklens('ls', target, '-t', '--json')) as {
      sockets: { local: { port: number } }[];
    };
    return sockets.map(({ local }) => local.port).sort((a, b) => a - b);
  }

  describe('containerd through CRI', () => {
    test('the adapter tells pods with their labels and addresses, and leaves the sandbox aside', async () => {
      const list = await new CriRuntime('containerd', containerd.socket).list();
      const facts = list.find(({ id }) => id === web.id);
      expect(facts).toMatchObject({
        runtime: 'containerd',
        name: web.name,
        pod: { id: pod.id, name: 'shop-1', namespace: 'prod', uid: pod.uid, container: 'web', attempt: 0 },
      });
      expect(facts?.labels).toMatchObject({ app: 'shop', 'io.kubernetes.pod.name': 'shop-1' });
      const shown = execFileSync('nsenter', ['-t', String(web.pid), '-n', 'ip', '-o', '-4', 'address'], {
        encoding: 'utf8',
      });
      for (const { address } of facts?.addresses ?? []) expect(shown).toContain(`inet ${address}/`);
      expect(facts?.addresses).toHaveLength(1);
      expect(list.find(({ id }) => id === pod.id)).toMatchObject({ isInfra: true });
      expect(list.find(({ id }) => id === onHost.id)).toMatchObject({ networkMode: 'host', addresses: [] });
    });

    test('a container is found by its name and id, and nothing has its environment', async () => {
      const runtime = new CriRuntime('containerd', containerd.socket);
      for (const name of [web.name, web.id, web.id.slice(0, 12)]) {
        const found = await runtime.find(name);
        expect(found).toMatchObject([{ id: web.id, pid: web.pid, running: true, image: 'localhost/box:1' }]);
        expect(JSON.stringify(found)).not.toContain('hunter2');
      }
      for (const name of ['web', 'prod/shop-1/none', '', '../x', 'f'.repeat(64)])
        expect(await runtime.find(name)).toEqual([]);
    });

    test('declared limits are those of its process', async () => {
      const limited = await pods.run({ handler: 'limited' });
      const { id, pid } = await pods.start(limited);
      const [details] = await new CriRuntime('containerd', containerd.socket).find(id);
      expect(details?.limits).toEqual([{ name: 'nofile', ...LIMITED }]);
      expect(fs.readFileSync(`/proc/${pid}/limits`, 'latin1')).toMatch(/^Max open files +1234 +2345 /m);
      await pods.remove(limited);
    });

    test('of a container that was started again the run that lives counts', async () => {
      const restarted = await pods.run({ name: 'restarted' });
      const first = await pods.start(restarted);
      await pods.stopContainer(first.id);
      const second = await pods.start(restarted, { attempt: 1 });
      const found = await new CriRuntime('containerd', containerd.socket).find(second.name);
      expect(found).toMatchObject([{ id: second.id, pid: second.pid, pod: { attempt: 1 } }]);
      await pods.remove(restarted);
    });

    test('ps has a row for each container and none for a sandbox', () => {
      const { containers } = JSON.parse(socklens('ps', '--json')) as { containers: { name: string; id?: string }[] };
      const names = containers.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining([web.name, side.name, onHost.name]));
      expect(containers.map(({ id }) => id)).not.toContain(pod.id);
    });

    test('pod: means the namespace, one of its containers its own sockets', () => {
      expect(ports('pod:prod/shop-1')).toEqual([8080]);
      expect(ports('pod:shop-1')).toEqual([8080]);
      expect(ports('pod:prod/shop-1/web')).toEqual([8080]);
      expect(ports('pod:prod/shop-1/side')).toEqual([]);
      // On the host's network, which has the sockets of containerd too.
      expect(ports(`pod:system-${process.pid}/agent`)).toEqual([9191]);
    });

    test('a recording has the pod, and no environment', () => {
      const file = `${containerd.folder}/pods.slr`;
      socklens('record', '--output', file, '--for', '2s', 'pod:prod/shop-1');
      const read = (target: string) => JSON.parse(socklens('ls', target, '-t', '--json', '--from', file));
      expect(read('pod:prod/shop-1').sockets).toHaveLength(1);
      expect(read('pod:prod/shop-1/web').sockets).toHaveLength(1);
      expect(execFileSync('gzip', ['-dc', file], { encoding: 'latin1' })).not.toContain('hunter2');
    });
  });
}
