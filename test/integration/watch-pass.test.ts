/** `watch` and `record` of many namespaces from one pass over the descriptors of the host, against `ss`. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { heldPass } from '../../src/collect/owners/owner-pass.ts';
import { socklens } from '../support/cli.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { forked, PythonProcess } from '../support/python-process.ts';
import { finWait1Orphan, timeWait } from '../support/recipes/tcp-closing.ts';
import { acceptQueue, established, listeners, synReceived } from '../support/recipes/tcp-opening.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const pass = heldPass(localMachine({}));
const isPermitted = typeof pass !== 'string' && pass.form === 'typed';

/** As ss spells the states, and netstat. */
const NAMES: Readonly<Record<string, string>> = {
  ESTAB: 'ESTABLISHED',
  'SYN-SENT': 'SYN_SENT',
  'SYN-RECV': 'SYN_RECV',
  'FIN-WAIT-1': 'FIN_WAIT1',
  'FIN-WAIT-2': 'FIN_WAIT2',
  'TIME-WAIT': 'TIME_WAIT',
  'CLOSE-WAIT': 'CLOSE_WAIT',
  'LAST-ACK': 'LAST_ACK',
  LISTEN: 'LISTEN',
  UNCONN: 'CLOSE',
};

let made: { netns: TestNetns; workshop: Workshop }[] = [];
let folder: string;

beforeEach(async () => {
  made = [];
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-pass-'));
  for (const recipe of [
    listeners,
    established,
    established,
    listeners,
    acceptQueue,
    finWait1Orphan,
    synReceived,
    // Last, for it lasts a minute.
    timeWait,
  ]) {
    const netns = createNetns();
    const workshop = await Workshop.start(netns);
    made.push({ netns, workshop });
    await recipe({ netns, workshop });
  }
});
afterEach(async () => {
  for (const { netns, workshop } of made) {
    await workshop.stop();
    netns.remove();
  }
  fs.rmSync(folder, { recursive: true });
});

function bySs(netns: TestNetns): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of netns.run('ss', '-tuanH').split('\n')) {
    const name = NAMES[line.trim().split(/\s+/)[1] ?? ''];
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

interface Sample {
  type: string;
  target: string;
  total: number;
  groups: { key: Record<string, string>; count: number }[];
}

/** The first sample of each target of `watch`, by the name of its namespace. */
function watched(...args: string[]): Map<string, Sample> {
  const target = made.map(({ netns }) => `netns:${netns.name}`).join(',');
  const { status, stdout, stderr } = socklens(['watch', target, '--for', '500ms', '--ndjson', '-n', ...args]);
  expect([status, stderr]).toEqual([0, '']);
  const samples = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Sample)
    .filter(({ type }) => type === 'sample');
  return new Map(samples.reverse().map((sample) => [sample.target.replace(/^netns:/, ''), sample]));
}

const byState = (sample: Sample | undefined) =>
  Object.fromEntries((sample?.groups ?? []).map(({ key, count }) => [key.state ?? '', count]));

describe.skipIf(!isPermitted)('many namespaces', () => {
  test('watch: the states of ss, whatever a pass does not see', () => {
    const samples = watched();
    for (const { netns } of made) {
      // An attempt to connect repeats: only its peer's half-open connection is compared.
      expect([netns.name, byState(samples.get(netns.name))]).toEqual([netns.name, bySs(netns)]);
    }
  });

  test('watch --by process: a socket that a parent and its child hold counts once, for the first of them', async () => {
    const [first] = made;
    if (first === undefined) throw new Error('none');
    const parent = new PythonProcess(first.netns);
    await parent.run('held = listener()');
    const child = await parent.run<number>(forked());
    try {
      const groups = watched('--by', 'process').get(first.netns.name)?.groups ?? [];
      const lowest = String(Math.min(child, await parent.run<number>('answer = os.getpid()')));
      const mine = groups.filter(({ key }) => key.process?.startsWith(`${lowest}/`));
      expect(mine.map(({ count }) => count)).toEqual([1]);
    } finally {
      process.kill(child, 'SIGKILL');
      await parent.kill();
    }
  });

  test('watch with a filter on endpoints', () => {
    const [, second] = made;
    const port = /:(\d+)\s+\S+:\*/.exec(second?.netns.run('ss', '-tlnH') ?? '')?.[1] ?? '';
    const expected = second?.netns.run('ss', '-tanH', `sport = :${port}`).trim().split('\n').length;
    expect(watched(`sport = :${port}`).get(second?.netns.name ?? '')?.total).toBe(expected);
  });

  test('record: a summary has the states of ss', () => {
    const target = made.map(({ netns }) => `netns:${netns.name}`).join(',');
    const file = path.join(folder, 'file');
    const recorded = socklens(['record', target, '-o', file, '--summary', '--for', '1s']);
    expect(recorded.status).toBe(0);
    for (const { netns } of made) {
      const { stdout } = socklens(['ls', `netns:${netns.name}`, '--from', file, '--by', 'state', '--json', '-t']);
      const groups = (JSON.parse(stdout) as { groups: { key: { state: string }; count: number }[] }).groups;
      const expected = bySs(netns);
      delete expected.TIME_WAIT;
      const counts = Object.fromEntries(groups.map(({ key, count }) => [key.state, count]));
      delete counts.TIME_WAIT;
      expect([netns.name, counts]).toEqual([netns.name, expected]);
    }
  });
});
