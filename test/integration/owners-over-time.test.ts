/** Whose sockets they are while processes fork, exit, rename themselves and pass descriptors on: live and recorded. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { socklens } from '../support/cli.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { forked, PythonProcess } from '../support/python-process.ts';
import { type WatchObject, WatchRun } from '../support/watch-run.ts';

/** Listeners of the server that forks. */
const LISTENERS = 9;

let netns: TestNetns;
let target: string;
let folder: string;
let master: PythonProcess;
let others: PythonProcess[];
let runs: WatchRun[];
let children: number[];

beforeEach(async () => {
  netns = createNetns();
  target = `netns:${netns.name}`;
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'owners-'));
  others = [];
  runs = [];
  children = [];
  master = new PythonProcess(netns);
  await master.run(`rename('master')\nheld = [listener() for _ in range(${LISTENERS})]`);
});
afterEach(async () => {
  for (const run of runs) await run.stop();
  for (const pid of children) process.kill(pid, 'SIGKILL');
  for (const one of [master, ...others]) await one.kill();
  netns.remove();
  fs.rmSync(folder, { recursive: true });
});

function watch(...args: string[]): WatchRun {
  const run = new WatchRun([target, ...args, '--ndjson', '--interval', '200ms']);
  runs.push(run);
  return run;
}
/** Forks a process of this name, which calls itself `renamed` after a SIGUSR1. */
async function worker(name: string): Promise<number> {
  const handler = "signal.signal(signal.SIGUSR1, lambda *_: rename('renamed'))";
  const pid = await master.run<number>(forked(`${handler}\nrename('${name}')`));
  children.push(pid);
  await until(`${name} to have its name`, () => fs.readFileSync(`/proc/${pid}/comm`, 'utf8') === `${name}\n`);
  return pid;
}
/** Whether all listeners are of one process. */
function isOf(sample: WatchObject, process: string): boolean {
  const [group, ...rest] = sample.groups ?? [];
  return rest.length === 0 && group?.key.process === process && group.count === LISTENERS;
}
/** The processes of the namespace's listeners by ss(8): a text for each listener, without the order in which ss has them. */
function bySs(): string[] {
  const lines = netns.run('ss', '-Hltnp').trim().split('\n');
  return lines
    .map((line) =>
      [...line.matchAll(/"([^"]*)",pid=(\d+)/g)]
        .map(([, name, pid]) => `${pid}/${name}`)
        .sort()
        .join(' '),
    )
    .sort();
}
function byLs(args: readonly string[]): string[] {
  const { stdout } = socklens(['ls', ...args, '--ndjson', '-p', '-l', '-t']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { processes?: { pid: number; name: string }[] });
  return rows
    .filter(({ processes }) => processes !== undefined)
    .map(({ processes = [] }) =>
      processes
        .map(({ pid, name }) => `${pid}/${name}`)
        .sort()
        .join(' '),
    )
    .sort();
}

describe('watch --by process', () => {
  test('a server that forks and exits: its child, and after a rename the new name', async () => {
    const run = watch('--by', 'process');
    const pid = await master.run<number>('answer = os.getpid()');
    await run.nextSample(target, (sample) => isOf(sample, `${pid}/master`));
    const child = await worker('worker1');
    await master.kill();
    await run.nextSample(target, (sample) => isOf(sample, `${child}/worker1`));
    process.kill(child, 'SIGUSR1');
    await run.nextSample(target, (sample) => isOf(sample, `${child}/renamed`));
  });

  test('sockets that are handed over and closed by their sender: the receiver, outside the namespace', async () => {
    const receiver = new PythonProcess();
    others.push(receiver);
    const run = watch('--by', 'process');
    await run.nextSample(target, (sample) => sample.total === LISTENERS);
    const at = path.join(folder, 'hand-over');
    await receiver.run(
      `server = socket.socket(socket.AF_UNIX)\nserver.bind('${at}')\nserver.listen()\nrename('receiver')`,
    );
    const received = receiver.run<number>(`got = [receive(server) for _ in range(${LISTENERS})]\nanswer = os.getpid()`);
    await master.run(`for one in held:\n    pass_on('${at}', one)\n    one.close()`);
    const pid = await received;
    expect(bySs()).toEqual(Array.from({ length: LISTENERS }, () => `${pid}/receiver`));
    await run.nextSample(target, (sample) => isOf(sample, `${pid}/receiver`));
  });
});

describe('several processes that hold the same listeners', () => {
  beforeEach(async () => {
    await worker('worker1');
    await worker('worker2');
  });

  test.each(['master', 'worker1', 'worker2'])('watch counts them for %s', async (name) => {
    const run = watch(`process ${name}`);
    await run.nextSample(target, (sample) => sample.total === LISTENERS);
    expect(run.samplesOf(target).at(-1)?.total).toBe(LISTENERS);
  });

  test('a recording has all of them, as ss and ls do', () => {
    const file = path.join(folder, 'all.slr');
    expect(socklens(['record', target, '-o', file, '--for', '1s', '--interval', '200ms'])).toMatchObject({ status: 0 });
    const expected = bySs();
    expect(expected).toHaveLength(LISTENERS);
    expect(expected[0]?.split(' ')).toHaveLength(3);
    expect(byLs([target])).toEqual(expected);
    expect(byLs(['--from', file])).toEqual(expected);
    const counted = socklens(['ls', '--from', file, 'process worker2', '--by', 'state', '--json']);
    expect(JSON.parse(counted.stdout)).toMatchObject({ groups: [{ key: { state: 'LISTEN' }, count: LISTENERS }] });
  });

  test('a redacted recording has none of their PIDs and names', () => {
    const file = path.join(folder, 'redacted.slr');
    socklens(['record', target, '-o', file, '--redact', '--for', '500ms', '--interval', '200ms']);
    const rows = byLs(['--from', file]);
    expect(rows).toHaveLength(LISTENERS);
    for (const row of rows) expect(row).toMatch(/^\d+\/process-\d+ \d+\/process-\d+ \d+\/process-\d+$/);
    for (const pid of children) expect(rows.join(' ')).not.toMatch(new RegExp(`\\b${pid}/`));
  });
});
