/** Connections that are closed during a recording, and files that are truncated at random positions. */
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { openRecorded } from '../../src/sources/open-source.ts';
import { socklens } from '../support/cli.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { Dice } from '../support/random-filter.ts';
import { commandOutput, linesIn, RecordingRun, temporaryFolder, ticksIn } from '../support/recording-run.ts';
import { unseenAtMost } from '../support/unseen-ends.ts';

const RATE = 300;
const SECONDS = 3;
const SEED = 20_261_125;
const GENERATOR = path.resolve(import.meta.dirname, '../support/recipes/churn-main.ts');

let folder: string;
let netns: TestNetns;
let full: string;
let summary: string;
/** Connections of the generator, which has both ends of each. */
let made: number;

beforeAll(async () => {
  folder = temporaryFolder();
  netns = createNetns();
  // By default, a new connection over loopback may take over the ports of one in TIME_WAIT (net.ipv4.tcp_tw_reuse 2).
  netns.run('sysctl', '-qw', 'net.ipv4.tcp_tw_reuse=0');
  full = path.join(folder, 'full.slr');
  summary = path.join(folder, 'summary.slr');
  const generator = netns.spawnNode(GENERATOR, [String(RATE), String(SECONDS)], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  generator.stdout?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  await until('the generator', () => said.includes('ready'));
  // Two processes record the same.
  const target = `netns:${netns.name}`;
  const runs = [
    await RecordingRun.start(target, full, '--interval', '200ms'),
    await RecordingRun.start(target, summary, '--interval', '200ms', '--summary', '--redact'),
  ];
  generator.stdin?.write('\n');
  await once(generator, 'exit');
  made = Number(/^(\d+) [\d.]+$/m.exec(said)?.[1]);
  // As the kernel counts them: on a busy machine the last segments arrive after their process has ended.
  const timeWaits = () => Number(/ tw (\d+)/.exec(netns.run('cat', '/proc/net/sockstat'))?.[1]);
  await until('TIME_WAIT of each connection', () => timeWaits() === made);
  for (const run of runs) {
    await run.next();
    expect(await run.stop()).toBe(0);
  }
});
afterAll(() => {
  netns?.remove();
  fs.rmSync(folder, { recursive: true, force: true });
});

function objects(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('recorded while connections come and go', () => {
  it.each(['full', 'summary'] as const)('%s: events prints each closed socket once', (how) => {
    const file = how === 'full' ? full : summary;
    const { status, stdout } = commandOutput('events', '--from', file, '--speed', 'max', '--ndjson', '--tcp');
    expect(status).toBe(0);
    const all = objects(stdout);
    const ends = all.filter(({ type }) => type === 'connection');
    expect(made).toBe(RATE * SECONDS);
    // All but those that the kernel shows to no program, of which some are told as lost later (docs/events.md).
    const missing = 2 * made - ends.length;
    expect(missing).toBeGreaterThanOrEqual(0);
    expect(missing).toBeLessThanOrEqual(unseenAtMost(2 * made));
    expect(new Set(ends.map(({ cookie }) => cookie)).size).toBe(ends.length);
    expect(new Set(ends.map(({ outcome }) => outcome))).toEqual(new Set(['closed']));
    const servers = ends.filter(({ role }) => role === 'server').length;
    expect(servers).toBeLessThanOrEqual(made);
    expect(servers).toBeGreaterThanOrEqual(made - missing);
    // A gap without a number is of any namespace of the machine (docs/events.md), those of other tests among them.
    const gaps = all.filter(({ type }) => type === 'gap');
    expect(gaps.reduce((sum, { lostEvents }) => sum + Number(lostEvents ?? 0), 0)).toBeLessThanOrEqual(missing);
    expect(all.at(-1)).toMatchObject({ type: 'summary', connections: ends.length });
  });

  it.each(['full', 'summary'] as const)('%s: opens with a filter add up to what was made', (how) => {
    const file = how === 'full' ? full : summary;
    const { status, stdout } = commandOutput('watch', '--from', file, 'dport ge 1', '--speed', 'max', '--ndjson');
    expect(status).toBe(0);
    let opened = 0;
    let countedMs: number | undefined;
    for (const { type, at, ageMs, opensPerSecond } of objects(stdout)) {
      // A line without a rate is counted with the next one that has one.
      if (type !== 'sample' || (ageMs !== undefined && opensPerSecond === undefined)) continue;
      const atMs = Date.parse(String(at));
      opened += (Number(opensPerSecond ?? 0) * (atMs - (countedMs ?? atMs))) / 1000;
      countedMs = atMs;
    }
    // Each rate is rounded.
    expect(Math.abs(opened - 2 * made)).toBeLessThan(10);
  });

  it('a filter, a count and a time take a part of them', () => {
    const events = (...args: string[]) => {
      const { stdout } = commandOutput('events', '--from', full, '--speed', 'max', '--ndjson', ...args);
      return objects(stdout).filter(({ type }) => type === 'connection');
    };
    const toFirst = events('dst 127.0.1.1 role client').length;
    expect(toFirst).toBeLessThanOrEqual(Math.ceil(made / 50));
    expect(toFirst).toBeGreaterThanOrEqual(Math.ceil(made / 50) - unseenAtMost(2 * made));
    expect(events('--count', '7')).toHaveLength(7);
    const late = events('--for', '1s');
    const all = events();
    expect(all.length).toBeGreaterThan(late.length);
    expect(late).toEqual(all.slice(all.length - late.length));
  });

  it('two recordings side by side', () => {
    const { status, stdout } = socklens(['compare', full, full, '--json']);
    expect(status).toBe(0);
    const comparison = JSON.parse(stdout) as {
      measures: { name: string; before: number; after: number; change: string }[];
    };
    const timeWait = comparison.measures.find(({ name }) => name === `netns:${netns.name}: TIME_WAIT at most`);
    expect(timeWait).toMatchObject({ before: made, after: made, change: 'same' });
  });
});

describe('cut off at random positions', () => {
  const verbs = ['ps', 'ls', 'watch --speed max', 'events --speed max', 'doctor'];
  /** Cuts within the first bytes and the last ones, too. */
  const positions = (bytes: Uint8Array, count: number) => {
    const dice = new Dice(SEED);
    const random = Array.from({ length: count }, () => 1 + dice.roll(bytes.length - 1));
    return [0, 1, 9, 10, 11, bytes.length - 9, bytes.length - 1, ...random];
  };

  it('all samples up to there are read, and the last says so', async () => {
    const bytes = fs.readFileSync(full);
    const file = path.join(folder, 'cut.slr');
    for (const position of positions(bytes, 80)) {
      fs.writeFileSync(file, bytes.subarray(0, position));
      const lines = linesIn(bytes.subarray(0, position));
      const { ticks, notes, failure } = await readAll(file);
      expect([position, ticks]).toEqual([position, ticksIn(bytes.subarray(0, position)).length]);
      if (lines.length === 0) expect(failure).toContain('nothing is recorded in it');
      // A file that lacks only the end of the compressed stream has its last line.
      else if (ticks > 0 && !lines.at(-1)?.includes('"type":"end"'))
        expect(notes).toContain('cut off, or is still being written');
    }
  });

  it('every verb reads up to there and says so', () => {
    const bytes = fs.readFileSync(summary);
    const file = path.join(folder, 'cut-verbs.slr');
    const dice = new Dice(SEED);
    for (const verb of verbs) {
      const position = Math.floor(bytes.length / 2) + dice.roll(Math.floor(bytes.length / 2) - 100);
      fs.writeFileSync(file, bytes.subarray(0, position));
      const { status, stdout, stderr } = commandOutput(...verb.split(' '), '--from', file);
      expect([verb, position, status]).toEqual([verb, position, verb === 'doctor' ? expect.toBeOneOf([0, 1]) : 0]);
      expect([verb, stdout + stderr]).toEqual([verb, expect.stringContaining('cut off, or is still')]);
      expect(stderr).not.toContain('fault');
    }
  });

  it('a recording without a sample is no answer, from any verb', () => {
    const file = path.join(folder, 'no-sample.slr');
    const header = linesIn(fs.readFileSync(full))[0] ?? '';
    fs.writeFileSync(file, gzipSync(`${header}\n`));
    const why = 'nothing is recorded in it; the recording is incomplete: it was cut off, or is still being written';
    for (const verb of verbs) {
      const { status, stderr } = commandOutput(...verb.split(' '), '--from', file);
      expect([verb, status, stderr]).toEqual([verb, 2, `socklens: ${file}: ${why}\n`]);
    }
    for (const files of [
      [file, full],
      [full, file],
    ]) {
      const { status, stderr } = commandOutput('compare', ...files, '--fail-on', 'worse');
      expect([status, stderr]).toEqual([2, `socklens: ${file}: ${why}\n`]);
    }
  });

  it('times before the recording are no answer, from any verb', () => {
    for (const verb of verbs) {
      const { status, stderr } = commandOutput(...verb.split(' '), '--from', full, '--at', '2001-01-01T00:00:00Z');
      expect([verb, status]).toEqual([verb, 2]);
      expect(stderr).toContain('that time; the recording starts at ');
    }
  });

  it('two recordings side by side: what one of them lacks is said', () => {
    const bytes = fs.readFileSync(full);
    const file = path.join(folder, 'cut-compared.slr');
    fs.writeFileSync(file, bytes.subarray(0, bytes.length - 100));
    const { stdout } = commandOutput('compare', full, file);
    expect(stdout).toMatch(/^after: .*cut-compared\.slr .*\n +note: the recording is incomplete: /m);
  });

  it('changed bytes: everything before them is read, or one line gives the reason', async () => {
    const bytes = fs.readFileSync(full);
    const file = path.join(folder, 'damaged.slr');
    const dice = new Dice(SEED);
    for (let round = 0; round < 40; round++) {
      const damaged = Uint8Array.from(bytes);
      const position = dice.roll(bytes.length);
      damaged[position] = (damaged[position] ?? 0) ^ (1 + dice.roll(255));
      fs.writeFileSync(file, damaged);
      const { ticks, failure } = await readAll(file);
      if (failure !== undefined)
        expect([position, failure]).toEqual([position, expect.stringMatching(/^\/.*recording|recorded/)]);
      expect(ticks).toBeLessThanOrEqual(ticksIn(bytes).length);
    }
  });
});

/** Goes through a recording as verbs do. */
async function readAll(file: string): Promise<{ ticks: number; notes: string; failure?: string }> {
  const request = { isForeground: () => false, query: everySocket, processes: 'no' as const, allCounters: false };
  let ticks = 0;
  const notes: string[] = [];
  try {
    const source = await openRecorded({ file, speed: undefined, untilMs: undefined }, undefined, true);
    for (let tick = await source.next(request); tick !== undefined; tick = await source.next(request)) {
      ticks++;
      notes.push(...tick.notes);
    }
    source.close();
  } catch (error) {
    return { ticks, notes: notes.join('\n'), failure: (error as Error).message };
  }
  return { ticks, notes: notes.join('\n') };
}
