/** Repeats tests of rates and times when the machine was too busy for them. */
import fs from 'node:fs';

/** Below this fraction of idle time programs wait for a core, and rates and times are wrong. */
const IDLE_SHARE = 0.2;

interface CpuTime {
  idle: number;
  total: number;
}

/** Number of attempts of {@link whenNotBusy}. */
export const TRIES = 4;

/**
 * Runs a test whose sockets need exact times: a rate of connections, an attempt that lasts until a dump. A
 * failure while the cores were busy proves nothing, so the test is repeated, {@link TRIES} times in all. A
 * failure with idle cores counts at once.
 */
export async function whenNotBusy(proof: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    const wasBusy = watchCpu();
    try {
      return await proof();
    } catch (error) {
      if (tries === TRIES || !wasBusy()) throw error;
    }
  }
}

/** Reads the CPU time. @returns a function: whether the cores have been busy since */
function watchCpu(): () => boolean {
  const before = readCpuTime();
  return () => {
    const after = readCpuTime();
    return after.idle - before.idle < IDLE_SHARE * (after.total - before.total);
  };
}

/** The first line of /proc/stat, proc_stat(5): user, nice, system, idle, iowait and more, in ticks of all cores. */
function readCpuTime(): CpuTime {
  const [line = ''] = fs.readFileSync('/proc/stat', 'latin1').split('\n');
  const ticks = line.trim().split(/ +/).slice(1, 9).map(Number);
  return { idle: (ticks[3] ?? 0) + (ticks[4] ?? 0), total: ticks.reduce((sum, count) => sum + count, 0) };
}
