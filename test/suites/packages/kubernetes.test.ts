import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { OverviewAnswer } from '../../../src/serve/protocol.ts';
import { until } from '../../support/netns.ts';
import { startContainerd, type TestContainerd } from '../../support/runtimes/containerd.ts';
import { Pods, type TestPod, type TestPodContainer } from '../../support/runtimes/pods.ts';
import { type KubeletPod, kubeletPod } from './kubelet.ts';
import { CHECKOUT, DEBIAN_ARCHITECTURE, HANG_MS, releaseFile, VERSION } from './release.ts';

type Manifest = { kind: string; metadata: { name: string; namespace?: string }; spec: Record<string, unknown> };

const text = fs.readFileSync(path.join(CHECKOUT, 'deploy/kubernetes/socklens.yaml'), 'utf8');
const manifests = parseAllDocuments(text).map((each) => each.toJS({}) as Manifest);
const daemonSet = manifests.find(({ kind }) => kind === 'DaemonSet');

test('the manifest has the namespace that it is in, the image of this version, and no token', () => {
  const template = daemonSet?.spec.template as { metadata: object; spec: Record<string, unknown> };
  const namespaces = manifests.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
  expect(namespaces).toEqual([daemonSet?.metadata.namespace]);
  expect((template.spec.containers as { image: string }[]).map(({ image }) => image)).toEqual([`socklens:${VERSION}`]);
  expect(template.spec.automountServiceAccountToken).toBe(false);
  expect(daemonSet?.spec.selector).toMatchObject({ matchLabels: (template.metadata as { labels: object }).labels });
});

const started = await startContainerd();

if (typeof started === 'string') test.skip(`containerd: ${started}`, () => {});
else describeDaemonSet(started);

function describeDaemonSet(containerd: TestContainerd): void {
  const pods = new Pods(containerd);
  let shop: TestPod;
  let web: TestPodContainer;
  let agent: TestPodContainer;
  let log: string;
  let probes: KubeletPod['probes'];
  const TOKEN = 'a-token-of-the-administrator';

  beforeAll(async () => {
    const image = releaseFile(`socklens-${VERSION}-image-${DEBIAN_ARCHITECTURE}.tar`);
    containerd.ctr('k8s.io', 'images', 'import', image);
    shop = await pods.run({ name: 'web-7d9c5', namespace: 'shop' });
    const script = 'nc -l -p 4083 -e sleep 1000 & while ! nc 127.0.0.1 4083; do :; done';
    web = await pods.start(shop, { name: 'web', script });
    const made = (name: string) => {
      fs.mkdirSync(`${containerd.folder}/${name}`);
      return `${containerd.folder}/${name}`;
    };
    const asked = kubeletPod(daemonSet as unknown as Record<string, unknown>, {
      // The node's folder of containerd is another one here.
      sharedAt: (folder) => (folder === '/run/containerd' ? containerd.folder : undefined),
      hostFolder(folder, type) {
        if (type !== 'DirectoryOrCreate') throw new Error(`${folder}: it need not be there`);
        return made('node-data');
      },
      secret: (name) => ({ folder: made(`secret-${name}`), data: { token: `${TOKEN}\n` } }),
    });
    ({ probes } = asked);
    const pod = await pods.run(asked.pod);
    agent = await pods.start(pod, asked.container);
    log = `${containerd.folder}/logs/${pod.uid}/socklens-0.log`;
  });
  afterAll(async () => {
    await containerd.stop();
    await pods.removeCgroups();
  });

  const netstat = (flags: string) =>
    execFileSync('nsenter', ['-t', String(web.pid), '-n', 'netstat', flags], { encoding: 'utf8' });

  describe('the DaemonSet, run as the kubelet runs it', () => {
    test('it has these three capabilities and no other, and gains none', () => {
      const status = fs.readFileSync(`/proc/${agent.pid}/status`, 'utf8');
      // include/uapi/linux/capability.h: DAC_READ_SEARCH 2, SYS_PTRACE 19, SYS_ADMIN 21.
      const expected = ((1n << 2n) | (1n << 19n) | (1n << 21n)).toString(16).padStart(16, '0');
      for (const set of ['CapPrm', 'CapEff', 'CapBnd']) expect(status).toContain(`${set}:\t${expected}\n`);
      expect(status).toContain('NoNewPrivs:\t1\n');
      expect(status).toMatch(/^Seccomp:\t2$/m);
      const root = fs
        .readFileSync(`/proc/${agent.pid}/mountinfo`, 'utf8')
        .split('\n')
        .find((line) => line.split(' ')[4] === '/');
      expect(root?.split(' ')[5]).toMatch(/^ro\b/);
    });

    /** From the node's network, where the kubelet asks, and where `kubectl port-forward` of such a pod ends. */
    const get = (url: string, ...headers: string[]) => {
      const wget = ['busybox', 'wget', '-qO-', ...headers.flatMap((each) => ['--header', each]), url];
      // A refusal is in the error, not on the terminal.
      return execFileSync('nsenter', [`--net=/proc/${containerd.hostPid}/ns/net`, ...wget], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    };

    test('its probes say that it lives, and that it is ready', async () => {
      await until(
        'readiness',
        () => {
          if (!fs.existsSync(`/proc/${agent.pid}`)) throw new Error(fs.readFileSync(log, 'utf8'));
          return isOk(() => get(probes.readiness));
        },
        HANG_MS,
      );
      expect(get(probes.liveness)).toBe('ok\n');
    });

    test('the page, and the pods of the node in its API, for who has the token of the Secret', async () => {
      const { stdout, stderr } = await pods.execute(agent.id, 'socklens', 'serve', '--link');
      expect([stdout, stderr]).toEqual([`http://127.0.0.1:7077/#token=${TOKEN}\n`, '']);
      expect(get('http://127.0.0.1:7077/')).toContain('<script');
      const url = 'http://127.0.0.1:7077/api/v1/overview';
      expect(() => get(url)).toThrow(/401/);
      await until('the connection', () => netstat('-tan').includes('CLOSE_WAIT'));
      const row = await until('the connection in the row of the pod', () => {
        const { rows } = JSON.parse(get(url, `Authorization: Bearer ${TOKEN}`)) as OverviewAnswer;
        const found = rows.find(({ name }) => name === web.name);
        return found?.sockets?.byState.CLOSE_WAIT === 1 ? found : undefined;
      });
      const listening = netstat('-tln')
        .split('\n')
        .filter((line) => line.includes('LISTEN'));
      expect(row.ports).toHaveLength(listening.length);
    });

    test('what it keeps is on the node, for root alone; its log has no token and no complaint', async () => {
      const folder = `${containerd.folder}/node-data`;
      const names = fs.readdirSync(folder);
      expect(names).toContain('history.db');
      for (const name of names) expect([name, fs.statSync(`${folder}/${name}`).mode & 0o077]).toEqual([name, 0]);
      const text = fs.readFileSync(log, 'utf8');
      expect(text).toContain('http://127.0.0.1:7077/');
      expect(text).not.toContain(TOKEN);
      expect(text).not.toMatch(/ stderr F /);
    });

    test('kubectl exec … ps: the pods by their names, counted, and nothing is missing', async () => {
      await until('the connection', () => netstat('-tan').includes('CLOSE_WAIT'));
      const { stdout, stderr, status } = await pods.execute(agent.id, 'socklens', 'ps', '--json');
      expect([status, stderr]).toEqual([0, '']);
      const { containers } = JSON.parse(stdout) as { containers: { name: string }[] };
      const row = containers.find(({ name }) => name === web.name);
      expect(JSON.stringify(row)).toContain('"CLOSE_WAIT":1');
    });

    test('kubectl exec … netstat: what nsenter and netstat print, with the programs that hold the sockets', async () => {
      const rows = (output: string) => output.split('\n').slice(2).sort();
      const { stdout } = await pods.execute(agent.id, 'socklens', 'netstat', 'pod:shop/web-7d9c5', '-tanp');
      expect(rows(stdout)).toEqual(rows(netstat('-tanp')));
    });

    test('kubectl exec … doctor: judges everything that it could have seen', async () => {
      const { stdout, stderr, status } = await pods.execute(
        agent.id,
        'socklens',
        'doctor',
        'pod:shop/web-7d9c5',
        '--for',
        '1s',
        '--json',
      );
      expect(stderr).toBe('');
      expect([0, 1]).toContain(status);
      expect(JSON.parse(stdout)).toHaveProperty('problems');
    });

    test('after the restart of the runtime its new socket is found', async () => {
      await containerd.halt();
      await containerd.resume();
      const { stdout } = await pods.execute(agent.id, 'socklens', 'ps', '--json');
      expect(stdout).toContain(`"${web.name}"`);
    });
  });
}

function isOk(ask: () => string): boolean {
  try {
    return ask() === 'ok\n';
  } catch {
    // Refused, or not ready yet.
    return false;
  }
}
