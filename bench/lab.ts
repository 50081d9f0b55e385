import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Lab } from '../src/act/lab/lab.ts';
import { startLab } from '../src/act/lab/start-lab.ts';
import { environment, SOCKLENS } from './command.ts';
import type { Result } from './comparison.ts';
import { medianInterval, summarise } from './statistics.ts';

/** Each makes two pairs: without, with, with, without. */
const BLOCKS = 8;
/** So many loads stand for one side of a pair, by their median: what disturbs one for a moment falls out. */
const LOADS = 3;
/** Two of the guard's looks are in each. */
const LOAD_MS = 2000;
/** Long enough for the guard's start and its first looks, which are the dearest; the load goes on meanwhile. */
const WARM_UP_MS = 4000;
const TITLE = `The lab's service at its most, with and without a guard that watches its four receivers`;
const TICKS_PER_SECOND = 100;

/** What a guard's looking costs the service that it watches, in throughput. */
export async function guardOfLab(): Promise<Result> {
  const lab = await startLab({ name: 'bench-lab', maxOpen: 33, nofile: 16_384 });
  const losses: number[] = [];
  const shares: number[] = [];
  try {
    const receivers = lab.members.filter(({ role }) => role === 'webhook').map(({ target }) => target);
    await lab.calibrate(WARM_UP_MS);
    for (let block = 0; block < BLOCKS; block++) {
      // What drifts while the block is made falls on both sides alike.
      const before = await rate(lab);
      const guard = startGuard(receivers.join(','));
      await lab.calibrate(WARM_UP_MS);
      const beginMs = performance.now();
      const beginCpuMs = cpuMs(guard);
      const watched = [await rate(lab), await rate(lab)];
      shares.push((cpuMs(guard) - beginCpuMs) / (performance.now() - beginMs) / os.cpus().length);
      await stop(guard);
      const after = await rate(lab);
      losses.push(lost(before, watched[0]), lost(after, watched[1]));
    }
  } finally {
    await lab.stop();
  }
  const { median, min, max, rounds } = summarise(losses);
  const [low, high] = medianInterval(losses);
  const share = summarise(shares).median * 100;
  return {
    title: TITLE,
    ...{ value: median, unit: '% of the throughput lost', bar: 2 },
    remarks: [
      `the median of ${rounds} pairs, each side the median of ${LOADS} loads of ${LOAD_MS / 1000} s; min ${min.toFixed(1)} %, max ${max.toFixed(1)} %`,
      `with a confidence of 95 % between ${low.toFixed(1)} and ${high.toFixed(1)} %`,
      `the guard itself took ${share.toFixed(1)} % of the CPU time of all ${os.cpus().length} cores meanwhile`,
    ],
  };
}

/** Answers a second. */
async function rate(lab: Lab): Promise<number> {
  const rates: number[] = [];
  for (let load = 0; load < LOADS; load++) rates.push(await lab.calibrate(LOAD_MS));
  return summarise(rates).median;
}

/** How much less that is than it was without the guard, in percent. */
function lost(without: number, watched = 0): number {
  return (1 - watched / without) * 100;
}

/** Starts a guard whose command only waits. */
function startGuard(target: string): ChildProcess {
  return spawn(SOCKLENS, ['guard', target, '--descriptors', '100%', '--', 'sleep', '120'], {
    env: environment(),
    stdio: 'ignore',
  });
}

async function stop(guard: ChildProcess): Promise<void> {
  const ended = once(guard, 'exit');
  guard.kill('SIGINT');
  await ended;
}

/** CPU time that a process has used so far, all its threads together: utime and stime of proc_pid_stat(5). */
function cpuMs({ pid }: ChildProcess): number {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ');
  const fields = rest.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}
