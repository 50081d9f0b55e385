import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Lab } from '../src/act/lab/lab.ts';
import { startLab } from '../src/act/lab/start-lab.ts';
import { environment, SOCKLENS } from './command.ts';
import type { Result } from './comparison.ts';
import { medianInterval, summarise } from './statistics.ts';

/** Each block makes two pairs: without, with, with, without the guard. */
const BLOCKS = 8;
/** One side of a pair is the median of this many loads, so that a short disturbance has no effect. */
const LOADS = 3;
/** The guard samples twice in each load. */
const LOAD_MS = 2000;
/** Covers the guard's start and its first samples, which are the most expensive; the load runs meanwhile. */
const WARM_UP_MS = 4000;
const TITLE = `The lab's service at full load, with and without a guard on its four receivers`;
const TICKS_PER_SECOND = 100;

/** A load is repeated, at most {@link MOST_LOADS} times in all, when other programs took more than this fraction of the cores. */
const FOREIGN = 0.05;
const MOST_LOADS = LOADS * 3;

/** Throughput that a service loses while a guard watches it. */
export async function guardOfLab(): Promise<Result> {
  const lab = await startLab({ name: 'bench-lab', maxOpen: 33, nofile: 16_384 });
  const losses: number[] = [];
  const shares: number[] = [];
  const counts = { quiet: 0, disturbed: 0 };
  try {
    const receivers = lab.members.filter(({ role }) => role === 'webhook').map(({ target }) => target);
    await lab.calibrate(WARM_UP_MS);
    for (let block = 0; block < BLOCKS; block++) {
      // In this order a drift during the block affects both sides alike.
      const before = await rate(lab, counts);
      const guard = startGuard(receivers.join(','));
      await lab.calibrate(WARM_UP_MS);
      const beginMs = performance.now();
      const beginCpuMs = cpuMs(guard.pid);
      const watched = [await rate(lab, counts, guard), await rate(lab, counts, guard)];
      shares.push((cpuMs(guard.pid) - beginCpuMs) / (performance.now() - beginMs) / os.cpus().length);
      await stop(guard);
      const after = await rate(lab, counts);
      losses.push(...lost(before, watched[0]), ...lost(after, watched[1]));
    }
  } finally {
    await lab.stop();
  }
  if (losses.length === 0) return { title: TITLE, why: 'other programs used the cores during every load' };
  const { median, min, max, rounds } = summarise(losses);
  const [low, high] = medianInterval(losses);
  const share = summarise(shares).median * 100;
  return {
    title: TITLE,
    value: median,
    unit: '% of the throughput lost',
    bar: 2,
    remarks: [
      `the median of ${rounds} pairs, each side is the median of ${LOADS} loads of ${LOAD_MS / 1000} s; min ${min.toFixed(1)} %, max ${max.toFixed(1)} %`,
      `95 % confidence interval: ${low.toFixed(1)} to ${high.toFixed(1)} %`,
      `${counts.disturbed} of ${counts.disturbed + counts.quiet} loads discarded: other programs took more than ${FOREIGN * 100} % of the cores`,
      `the guard itself took ${share.toFixed(1)} % of the CPU time of all ${os.cpus().length} cores`,
    ],
  };
}

/**
 * Throughput of the lab's service in answers a second.
 *
 * @returns undefined where other programs used the cores during every load
 */
async function rate(
  lab: Lab,
  counts: { quiet: number; disturbed: number },
  guard?: ChildProcess,
): Promise<number | undefined> {
  const known = [process.pid, guard?.pid, ...lab.members.map(({ pid }) => pid)];
  const ours = () => known.reduce<number>((sum, pid) => sum + cpuMs(pid), 0);
  const rates: number[] = [];
  for (let load = 0; load < MOST_LOADS && rates.length < LOADS; load++) {
    const before = { ...coresMs(), ours: ours() };
    const perSecond = await lab.calibrate(LOAD_MS);
    const after = { ...coresMs(), ours: ours() };
    const foreign = (after.busy - before.busy - (after.ours - before.ours)) / (after.all - before.all);
    counts[foreign > FOREIGN ? 'disturbed' : 'quiet']++;
    if (foreign <= FOREIGN) rates.push(perSecond);
  }
  return rates.length === 0 ? undefined : summarise(rates).median;
}

/** Lost throughput in percent; empty where a side of the pair is missing. */
function lost(without: number | undefined, watched: number | undefined): number[] {
  return without === undefined || watched === undefined ? [] : [(1 - watched / without) * 100];
}

/** Starts a guard around a command that only sleeps. */
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

/** CPU time of all cores since boot, in all and not idle, in milliseconds: proc_stat(5). */
function coresMs(): { all: number; busy: number } {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n');
  // User, nice, system, idle, iowait, irq, softirq, steal.
  const times = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const all = times.reduce((sum, time) => sum + time, 0);
  const idle = (times[3] ?? 0) + (times[4] ?? 0);
  return { all: (all * 1000) / TICKS_PER_SECOND, busy: ((all - idle) * 1000) / TICKS_PER_SECOND };
}

/** CPU time of a process since its start, all threads, in milliseconds: utime and stime of proc_pid_stat(5). */
function cpuMs(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ');
  const fields = rest.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}
