import { readBootTime } from './host-counters.ts';
import { PROC } from './read.ts';
import { readStat } from './stat.ts';

/** Clock ticks per second in `/proc`: USER_HZ, 100 on every architecture that Node runs on. */
const USER_HZ = 100;

/**
 * When a process started, milliseconds since the epoch: the kernel tells when it booted in whole seconds.
 *
 * @returns undefined for a process that has exited
 */
export function startTimeMs(pid: number, proc = PROC): number | undefined {
  const stat = readStat(pid, proc);
  const bootSeconds = readBootTime(proc);
  return stat === undefined || bootSeconds === undefined ? undefined : (bootSeconds + stat.startTicks / USER_HZ) * 1000;
}
