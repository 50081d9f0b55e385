import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { nodeProgram } from '../test/support/netns.ts';
import type { BackgroundTick } from './background-main.ts';
import { environment } from './command.ts';
import type { Result } from './comparison.ts';
import { type Crowds, makeCrowds } from './crowds.ts';
import { withProgram } from './receiver.ts';
import { summarise } from './statistics.ts';

const COUNT = 100;
const CHANGING = 10;
const CHANGES_PER_SECOND = 20;
/** Ticks before the measured ones: every namespace is dumped once, and V8 compiles the program. */
const WARM_UP_TICKS = 60;
const TICKS = 120;
const CONTAINERS = 1000;
const CHANGING_CONTAINERS = 100;
const HOUR = 3600;
const EXPORTER_ROUNDS = 5;

const MEBIBYTE = 1024 * 1024;
const WHERE = `${COUNT} namespaces with 1,000 sockets each, ${CHANGING} of them changing, a tick a second`;

/** CPU time of background sampling, age of its counts, and CPU time of an exporter for the same counts. */
export async function background(): Promise<Result[]> {
  const results: Result[] = [];
  const skipped = await withProgram('crowd', WHERE, async (program) => {
    const crowds = await makeCrowds(program, COUNT, CHANGING, CHANGES_PER_SECOND);
    try {
      const ticks = await sample(crowds, WARM_UP_TICKS + TICKS);
      results.push(costResult(ticks), ageResult(ticks, crowds), await againstExporter(ticks, crowds));
      results.push(memoryResult(await sample(crowds, HOUR, 'fast')));
    } finally {
      crowds.remove();
    }
    return { title: WHERE, why: 'measured' };
  });
  return results.length > 0 ? results : [skipped];
}

/** CPU time of background sampling of many small containers. */
export async function backgroundOfContainers(): Promise<Result[]> {
  const where = `${CONTAINERS} namespaces with 20 sockets each, ${CHANGING_CONTAINERS} of them changing, a tick a second`;
  const results: Result[] = [];
  const skipped = await withProgram('crowd', where, async (program) => {
    const crowds = await makeCrowds(program, CONTAINERS, CHANGING_CONTAINERS, 1, 10);
    try {
      const ticks = await sample(crowds, WARM_UP_TICKS + TICKS);
      results.push(costResult(ticks, where), ageResult(ticks, crowds, where));
    } finally {
      crowds.remove();
    }
    return { title: where, why: 'measured' };
  });
  return results.length > 0 ? results : [skipped];
}

/** CPU milliseconds per tick, without the warm-up. */
function costOf(ticks: readonly BackgroundTick[]): number {
  const [first, last] = [ticks[WARM_UP_TICKS - 1], ticks.at(-1)];
  if (first === undefined || last === undefined) throw new Error('too few ticks');
  return (last.cpuMs - first.cpuMs) / (ticks.length - WARM_UP_TICKS);
}

function costResult(ticks: readonly BackgroundTick[], where = WHERE): Result {
  const steady = ticks.slice(WARM_UP_TICKS);
  const costs = steady.map((tick, index) => tick.cpuMs - (ticks[WARM_UP_TICKS + index - 1]?.cpuMs ?? 0));
  const { median, max } = summarise(costs);
  const warmUp = ticks[WARM_UP_TICKS - 1]?.cpuMs ?? 0;
  const dumps = steady.reduce((sum, tick) => sum + tick.dumps, 0);
  const stretched = steady.filter((tick) => tick.stretched).length;
  return {
    title: `${where}: CPU`,
    value: costOf(ticks) / 10,
    unit: '% of a core',
    bar: 3,
    remarks: [
      `a tick: median ${median.toFixed(1)} ms, at most ${max.toFixed(1)} ms (${steady.length} ticks); ${dumps} dumps of namespaces`,
      `the start and the first ${WARM_UP_TICKS} ticks, not counted above: ${warmUp.toFixed(0)} ms`,
      `a dump was delayed by the budget in ${stretched} ticks`,
    ],
  };
}

function ageResult(ticks: readonly BackgroundTick[], { changing }: Crowds, where = WHERE): Result {
  let oldest = 0;
  let others = 0;
  for (const { agesMs } of ticks.slice(WARM_UP_TICKS)) {
    // In the order of the names in the TARGET: the changing namespaces are the first.
    for (const [index, age] of agesMs.entries()) {
      const ms = age ?? Number.POSITIVE_INFINITY;
      if (index < changing.length) oldest = Math.max(oldest, ms);
      else others = Math.max(others, ms);
    }
  }
  return {
    title: `${where}: oldest counts of the changing ones`,
    value: oldest / 1000,
    unit: 's',
    bar: 10,
    remarks: [`of the others, which do not change: ${(others / 1000).toFixed(0)} s`],
  };
}

/** Background sampling against a program that counts from `/proc/PID/net/tcp` and `tcp6` of each namespace at every tick. */
function againstExporter(ticks: readonly BackgroundTick[], { pids }: Crowds): Promise<Result> {
  const title = `${WHERE}: CPU a tick`;
  return withProgram('exporter', title, async (program) => {
    const child = spawn(program, pids.map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const times: number[] = [];
    let sockets = 0;
    for (let round = 0; round < EXPORTER_ROUNDS; round++) {
      child.stdin.write('\n');
      const [micros = 0, counted = 0] = String((await lines.next()).value)
        .split(' ')
        .map(Number);
      times.push(micros / 1000);
      sockets = counted;
    }
    child.stdin.end();
    const own = costOf(ticks);
    const theirs = summarise(times);
    return {
      title,
      ours: 'sampling, mean',
      theirs: '/proc/PID/net/tcp and tcp6 of each, read in C',
      pair: { ours: { median: own, min: own, max: own, rounds: 1 }, theirs },
      bar: 1 / 50,
      remarks: [
        `theirs is ${(theirs.median / own).toFixed(0)} times ours, the target is at least 50 times; ${sockets} sockets`,
      ],
    };
  });
}

function memoryResult(ticks: readonly BackgroundTick[]): Result {
  const at = (part: number) => (ticks[Math.floor(ticks.length * part) - 1]?.residentBytes ?? 0) / MEBIBYTE;
  const most = Math.max(...ticks.map((tick) => tick.residentBytes)) / MEBIBYTE;
  const quarters = [0.25, 0.5, 0.75, 1].map((part) => at(part).toFixed(0)).join(', ');
  return {
    title: `${WHERE}: resident memory over ${HOUR} ticks`,
    value: most,
    unit: 'MiB',
    bar: 150,
    remarks: [`on a clock that skips waits; after a quarter, half, three quarters and all ticks: ${quarters} MiB`],
  };
}

async function sample({ names }: Crowds, ticks: number, clock = ''): Promise<BackgroundTick[]> {
  const script = path.join(bundled(), 'background-main.js');
  const target = names.map((name) => `netns:${name}`).join(',');
  const args = [script, target, String(ticks), clock];
  const child: ChildProcess = spawn(nodeProgram(), args, { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  const ticksRead: BackgroundTick[] = [];
  if (child.stdout === null) throw new Error('no output');
  for await (const line of readline.createInterface({ input: child.stdout })) ticksRead.push(JSON.parse(line));
  return ticksRead;
}

/** Bundles the sampler like the command line, so that Node's type stripping is not measured. @returns the folder */
function bundled(): string {
  const folder = path.resolve(import.meta.dirname, '../dist/bench');
  const main = path.join(import.meta.dirname, 'background-main.ts');
  const options = ['--platform', 'node', '--format', 'esm', '--external', 'koffi', '-d', folder];
  execFileSync('rolldown', [main, ...options, '--log-level', 'silent'], { stdio: 'pipe' });
  return folder;
}
