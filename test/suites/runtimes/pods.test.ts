/** Every verb on pods, and socklens itself in one. */
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LAUNCHER } from '../../support/cli.ts';
import { nodeProgram, until } from '../../support/netns.ts';
import { startContainerd, type TestContainerd } from '../../support/runtimes/containerd.ts';
import { Pods, type TestPod, type TestPodContainer } from '../../support/runtimes/pods.ts';
import { TestTerminal } from '../../support/terminal.ts';
import { WatchRun } from '../../support/watch-run.ts';

const started = await startContainerd();

if (typeof started === 'string') test.skip(`containerd: ${started}`, () => {});
else describePods(started);

/** Tries a port where nobody listens, again and again, and says how often. */
const REFUSED = 'while :; do nc 127.0.0.1 9 2>/dev/null; sleep 0.02; done';

/** What the DaemonSet of `deploy/` asks for, with the capabilities of the test. */
const SECURITY = {
  user: 0n,
  drop: ['ALL'],
  readonlyRoot: true,
  noNewPrivileges: true,
  maskedPaths: [],
  readonlyPaths: [],
  appArmor: 'unconfined',
  seLinuxType: '',
};

function describePods(containerd: TestContainerd): void {
  const pods = new Pods(containerd);
  const unique = process.pid;
  let pod: TestPod;
  let web: TestPodContainer;
  let side: TestPodContainer;
  let run: WatchRun | undefined;

  beforeAll(async () => {
    pod = await pods.run({ name: `shop-${unique}`, namespace: 'prod' });
    web = await pods.start(pod, { name: 'web', script: 'exec nc -l -p 8080' });
    side = await pods.start(pod, { name: 'side', script: REFUSED });
    const listens = () => execFileSync('nsenter', ['-t', String(web.pid), '-n', 'ss', '-tlnH'], { encoding: 'utf8' });
    await until('the listener', () => listens().includes(':8080'));
  });
  afterEach(() => run?.stop());
  afterAll(async () => {
    await containerd.stop();
    await pods.removeCgroups();
  });

  function socklens(...args: string[]) {
    const env = { ...process.env, DOCKER_HOST: 'unix:///nonexistent' };
    return spawnSync(LAUNCHER, args, { encoding: 'utf8', env });
  }
  const lines = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  describe('verbs on pods', () => {
    test('ps --json tells the pod of each container', () => {
      const { containers } = JSON.parse(socklens('ps', `pod:prod/shop-${unique}`, '--json').stdout);
      expect(containers.find(({ name }: { name: string }) => name === web.name)).toMatchObject({
        id: web.id,
        pod: { id: pod.id, namespace: 'prod', name: pod.name, uid: pod.uid, container: 'web', attempt: 0 },
        sharedWith: [side.name],
      });
    });

    test('limits of a pod are those of each of its containers', () => {
      const { stdout } = socklens('limits', `pod:prod/shop-${unique}`, '--json');
      const { targets } = JSON.parse(stdout);
      expect(targets).toBeDefined();
      const found = targets.map(({ target, mainPid }: { target: { name: string }; mainPid: number }) => [
        target.name,
        mainPid,
      ]);
      expect(found.sort()).toEqual(
        [
          [side.name, side.pid],
          [web.name, web.pid],
        ].sort(),
      );
    });

    test('events of a pod are those of its namespace', () => {
      const { stdout } = socklens('events', `pod:prod/shop-${unique}`, '--failed', '--for', '6s', '--ndjson');
      const failed = lines(stdout).find(({ type }) => type === 'connection');
      expect(failed).toMatchObject({
        event: 'failed',
        outcome: 'refused',
        target: `pod:prod/${pod.name}`,
        peer: { port: 9 },
        processes: [{ name: 'nc' }],
      });
    });

    test('doctor finds a fault in a pod, and the process that has it', () => {
      const { stdout, status } = socklens('doctor', `pod:prod/shop-${unique}`, '--for', '9s', '--json');
      expect(status).toBe(1);
      const refused = JSON.parse(stdout).findings.find(({ rule }: { rule: string }) => rule === 'CONNECT_REFUSED');
      expect(refused.scope).toMatchObject({ kind: 'process', target: side.name, container: side.name });
      expect(refused.scope.name).toMatch(/ \d+\/nc$/);
    });

    test('watch: a container that starts in the pod, and one that ends', async () => {
      run = new WatchRun([
        `pod:prod/shop-${unique}`,
        'state listen',
        '--by',
        'container',
        '--interval',
        '200ms',
        '--ndjson',
      ]);
      const shows = (name: string) => () => {
        const last = run?.samplesOf(`pod:prod/${pod.name}`).at(-1);
        return last?.groups?.some(({ key, count }) => key.container === name && count > 0) ?? false;
      };
      await until('the first', shows(web.name));
      const late = await pods.start(pod, { name: 'late', script: 'exec nc -l -p 8081' });
      await until('the new one', shows(late.name));
      await pods.stopContainer(late.id);
      await until('its end', () => !shows(late.name)());
      await pods.removeContainer(late.id);
    });

    test('watch: containerd stops and starts again; what ran stays, and what starts then is found', async () => {
      run = new WatchRun(['all', '--interval', '200ms', '--ndjson']);
      const sampled =
        (name: string, after = 0) =>
        () =>
          (run?.samplesOf(name).length ?? 0) > after;
      const name = `${side.name},${web.name}`;
      await until('the pod', sampled(name));
      await containerd.halt();
      const count = run.samplesOf(name).length;
      await until('it without containerd', sampled(name, count + 3));
      await containerd.resume();
      const other = await pods.run({ name: `later-${unique}`, namespace: 'prod' });
      const later = await pods.start(other);
      await until('the new one', sampled(later.name));
      await until('the old one', sampled(name, run.samplesOf(name).length));
      expect(run.notes.filter((note) => note.includes(`shop-${unique}`) && note.includes('stopped'))).toEqual([]);
      await pods.remove(other);
    });

    test('top has a row for each container of the pod', async () => {
      const terminal = await TestTerminal.start({ columns: 160, rows: 40 });
      try {
        terminal.run(`clear; ${LAUNCHER} top pod:prod/shop-${unique}`);
        const seen = await terminal.until('the rows', (all) =>
          [web, side].every(({ name }) => all.some((line) => line.includes(name))),
        );
        expect(seen.join('\n')).not.toContain(pod.id.slice(0, 12));
        terminal.press('q');
      } finally {
        terminal.close();
      }
    });
  });

  describe("a pod with a DaemonSet's security context", () => {
    const checkout = path.resolve(import.meta.dirname, '../../..');
    const folders = ['/usr', '/lib', '/lib64', path.dirname(nodeProgram()), checkout];
    const mounts = folders.map((folder) => ({ host: folder, container: folder, readonly: true }));

    test.each([
      ['its names by the API, through the root of a shim', ['SYS_PTRACE', 'SYS_ADMIN', 'DAC_READ_SEARCH']],
      ['what it lacks, without SYS_ADMIN', ['SYS_PTRACE', 'DAC_READ_SEARCH']],
    ])('ps works without a mount of a runtime: %s', async (_, onlyCapabilities) => {
      const agent = await pods.run({ name: `agent-${unique}`, namespace: 'system', hostPid: true, hostNetwork: true });
      try {
        const script = `${LAUNCHER} ps pod:prod/shop-${unique} --json && ${LAUNCHER} runtimes && echo done`;
        await pods.start(agent, { script, security: { ...SECURITY, add: [...onlyCapabilities] }, mounts });
        await until('its output', () => pods.output(agent).includes('done\n'));
        const output = pods.output(agent);
        const { containers, coverage } = JSON.parse(output.split('\n').find((line) => line.startsWith('{')) ?? '');
        // A try of `side` that begins between the two readings has no owner yet: a row that is no container's, without an id.
        const withId = containers.filter(({ id }: { id?: string }) => id !== undefined);
        expect(withId.map(({ name }: { name: string }) => name).sort()).toEqual([side.name, web.name]);
        const row = containers.find(({ name }: { name: string }) => name === web.name);
        expect(row).toMatchObject({ id: web.id, descriptors: { pid: web.pid }, sockets: { byState: { LISTEN: 1 } } });
        const isComplete = onlyCapabilities.includes('SYS_ADMIN');
        expect([coverage.complete, row.source]).toEqual(isComplete ? [true, 'sock_diag'] : [true, 'procfs']);
        expect(output.includes('CAP_SYS_ADMIN is missing')).toBe(!isComplete);
        expect(output).toMatch(/^containerd +1\.\S+ +\d+ +running +unix:\/\/\/proc\/\d+\/root\//m);
      } finally {
        await pods.remove(agent);
      }
    });
  });
}
