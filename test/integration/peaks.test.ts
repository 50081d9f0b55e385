/** Exact peaks between two ticks, from connection events: what no snapshot has shows all the same. */
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { socklens } from '../support/cli.ts';
import { createNetns, nodeProgram, type TestNetns, until } from '../support/netns.ts';
import { RecordingRun, temporaryFolder } from '../support/recording-run.ts';
import { WatchRun } from '../support/watch-run.ts';

const BURST = path.resolve(import.meta.dirname, '../support/recipes/burst-main.ts');
const PORT = 3306;
/** Between two ticks, milliseconds: the burst is over long before. */
const INTERVAL_MS = 3000;
const CONNECTIONS = 257;

const spaces: TestNetns[] = [];
function space(): TestNetns {
  const made = createNetns();
  spaces.push(made);
  return made;
}
afterEach(() => {
  for (const made of spaces.splice(0)) made.remove();
});

/** Lets the connections be opened, held for 80 ms, and closed. */
async function burst(netns: TestNetns, run: () => Promise<unknown>): Promise<number> {
  const child = netns.spawnNode(BURST, [String(PORT), String(CONNECTIONS), '80'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  await until('the listener', () => said.includes('ready'));
  await run();
  const exited = once(child, 'exit');
  child.stdin?.write('\n');
  await exited;
  return child.pid ?? 0;
}

it('watch: a pool that touched 257 for 80 ms between two ticks', { timeout: 240_000 }, async () => {
  const netns = space();
  const run = new WatchRun([`netns:${netns.name}`, '-t', '-n', '--by', 'peer', '--ndjson', '--interval', '3s']);
  const samples = () => run.objects.filter(({ type }) => type === 'sample');
  await burst(netns, async () => {
    const known = samples().length;
    await until('a tick', () => samples().length > Math.max(1, known), 4 * INTERVAL_MS);
  });
  const seen = samples().length;
  await until('the tick after it', () => samples().length > seen, 4 * INTERVAL_MS);
  await run.stop();
  const peaks = run.objects.flatMap(({ groups = [] }) => groups.filter(({ key }) => key.peer === `127.0.0.1:${PORT}`));
  expect(Math.max(...peaks.map(({ peak = 0 }) => peak))).toBe(CONNECTIONS);
  const summary = run.objects.at(-1);
  // Both ends of each are in the namespace.
  expect(summary?.targets?.[0]?.connections?.peak).toBe(2 * CONNECTIONS);
  expect(summary?.targets?.[0]?.groupPeaks?.[0]).toMatchObject({
    key: { peer: `127.0.0.1:${PORT}` },
    peak: CONNECTIONS,
  });
});

it('a recording has the same peak', { timeout: 240_000 }, async () => {
  const netns = space();
  const file = path.join(temporaryFolder(), 'burst.slr');
  const record = await RecordingRun.start(`netns:${netns.name}`, file, '--interval', '2s');
  await burst(netns, async () => record.next());
  await record.next();
  await record.stop();
  const watch = ['watch', '--from', file, '-t', '-n', '--by', 'process', '--speed', 'max', '--ndjson'];
  const { status, stdout } = socklens(watch);
  expect(status).toBe(0);
  const lines = stdout.trim().split('\n');
  const peaks = lines.flatMap((line) => (JSON.parse(line) as { peak?: number }).peak ?? []);
  // Both ends of each are in the namespace.
  expect(Math.max(...peaks)).toBe(2 * CONNECTIONS);
});

it('guard: the peak of what a command had between two samples', { timeout: 240_000 }, () => {
  const guard = (most: number) => {
    // One for each: the port waits in TIME_WAIT.
    const netns = space();
    const enter = `ip netns exec ${netns.name} ${nodeProgram()} ${BURST} ${PORT} ${CONNECTIONS} 80 now`;
    return socklens([
      ...['guard', `netns:${netns.name}`, '--interval', '2s', '--budget', `peak(dport ${PORT}) <= ${most}`],
      ...['--', 'sh', '-c', `sleep 0.3; ${enter}; sleep 4`],
    ]);
  };
  expect(guard(CONNECTIONS - 1)).toMatchObject({ status: 1, stderr: expect.stringContaining(`${CONNECTIONS}`) });
  expect(guard(CONNECTIONS).status).toBe(0);
});

it('guard --pool: the same, of the process that had them', { timeout: 240_000 }, () => {
  const guard = (most: number) => {
    const netns = space();
    const enter = `ip netns exec ${netns.name} ${nodeProgram()} ${BURST} ${PORT} ${CONNECTIONS} 80 now`;
    return socklens([
      ...['guard', `netns:${netns.name}`, '--interval', '2s', '--pool', `127.0.0.1:${PORT}=${most}`],
      ...['--', 'sh', '-c', `sleep 0.3; ${enter}; sleep 4`],
    ]);
  };
  expect(guard(CONNECTIONS - 1)).toMatchObject({ status: 1, stderr: expect.stringContaining(`${CONNECTIONS}`) });
  expect(guard(CONNECTIONS).status).toBe(0);
});

/** Five connections at any time, 200 in all: each is closed before the next is opened, while its server keeps its end. */
const ROTATING = `
import collections, socket
l = socket.socket(); l.bind(('127.0.0.1', ${PORT})); l.listen(64)
open_ones, closing = collections.deque(), collections.deque()
for _ in range(200):
    if len(open_ones) == 5:
        client, server = open_ones.popleft()
        client.close(); closing.append(server)
        if len(closing) > 40: closing.popleft().close()
    client = socket.create_connection(('127.0.0.1', ${PORT}))
    open_ones.append((client, l.accept()[0]))
`;

it('guard --pool: a connection that its pool has closed makes room for the next, though it is not over', {
  timeout: 240_000,
}, () => {
  const netns = space();
  const file = path.join(temporaryFolder(), 'rotating.json');
  const script = path.join(path.dirname(file), 'rotating.py');
  fs.writeFileSync(script, ROTATING);
  const { status } = socklens([
    ...['guard', `netns:${netns.name}`, '--interval', '2s', '--pool', `127.0.0.1:${PORT}=5`, '--report', file],
    ...['--', 'sh', '-c', `sleep 0.3; ip netns exec ${netns.name} python3 ${script}; sleep 4`],
  ]);
  const report = JSON.parse(fs.readFileSync(file, 'utf8')) as { budgets: unknown[] };
  expect(report.budgets[0]).toMatchObject({ origin: '--pool', peak: 'exact', verdict: 'held', worst: { value: 5 } });
  expect(status).toBe(0);
});

it('guard: says which peaks are exact; one of idle connections, and the sum of several targets, is sampled', {
  timeout: 240_000,
}, () => {
  const [first, second] = [space(), space()];
  const file = path.join(temporaryFolder(), 'guard.json');
  const peaks = (targets: readonly TestNetns[], ...budgets: string[]) => {
    const names = targets.map(({ name }) => `netns:${name}`).join(',');
    const { status, stderr } = socklens([
      ...['guard', names, '--interval', '200ms', '--report', file, '--pool', '127.0.0.1:9=50'],
      ...budgets.flatMap((budget) => ['--budget', budget]),
      ...['--', 'sleep', '1'],
    ]);
    expect([status, stderr]).toEqual([0, expect.anything()]);
    const report = JSON.parse(fs.readFileSync(file, 'utf8')) as { budgets: { budget: string; peak?: string }[] };
    return Object.fromEntries(report.budgets.map(({ budget, peak }) => [budget, peak]));
  };
  const pool = 'each process peak(dst 127.0.0.1:9 and state established) <= 50';
  const total = 'total peak(dport 9) <= 1';
  const own = 'peak(dport 9) <= 1';
  const idle = 'peak(dport 9 and idle > 1s) <= 1';
  const steady = 'steady(dport 9) <= 1';
  expect(peaks([first], own, idle, total, steady)).toMatchObject({
    [pool]: 'exact',
    [idle]: 'sampled',
    [own]: 'exact',
    [total]: 'exact',
  });
  const both = peaks([first, second], own, total, steady);
  expect(both).toMatchObject({ [pool]: 'exact', [own]: 'exact', [total]: 'sampled' });
  expect(both[steady]).toBeUndefined();
});
