/** Whether the machine had time for what a test made. */
import fs from 'node:fs';

/** Below this share of idle time programs wait for their turn, and nothing keeps its time. */
const IDLE_SHARE = 0.2;

interface CpuTime {
  idle: number;
  total: number;
}

/** How often {@link whenNotBusy} tries on a busy machine. */
export const TRIES = 4;

/**
 * For what is made of times: so many connections a second, an attempt that a dump falls into. On a machine
 * whose cores were busy all the while it was not what was meant, and a failure says nothing: it is made
 * again. With time to spare the first try counts, whatever it says.
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

/** Notes the time of the machine's cores. @returns whether they were busy all the time since then */
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
