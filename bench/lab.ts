import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startLab } from '../src/act/lab/start-lab.ts';
import { environment, SOCKLENS } from './command.ts';
import type { Result } from './comparison.ts';
import { summarise } from './statistics.ts';

const ROUNDS = 8;
const LOAD_MS = 3000;
/** Long enough for the first look, which is the dearest, to be over. */
const WARM_UP_MS = 2000;
const TITLE = `The lab's service at its most, with and without a guard that watches its four receivers`;

/** What a guard's looking costs the service that it watches, in throughput. */
export async function guardOfLab(): Promise<Result> {
  const lab = await startLab({ name: 'bench-lab', maxOpen: 33, nofile: 16_384 });
  const losses: number[] = [];
  try {
    const receivers = lab.members.filter(({ role }) => role === 'webhook').map(({ target }) => target);
    await lab.calibrate(LOAD_MS);
    for (let round = 0; round < ROUNDS; round++) {
      // Which of the two comes first changes, so that what drifts falls on both alike.
      const [first, second] = round % 2 === 0 ? [false, true] : [true, false];
      const rates = new Map<boolean, number>();
      for (const watched of [first, second]) {
        const stop = watched ? await guard(receivers.join(',')) : undefined;
        rates.set(watched, await lab.calibrate(LOAD_MS));
        await stop?.();
      }
      losses.push((1 - (rates.get(true) ?? 0) / (rates.get(false) ?? 1)) * 100);
    }
  } finally {
    await lab.stop();
  }
  const { median, min, max } = summarise(losses);
  return {
    title: TITLE,
    ...{ value: median, unit: '% of the throughput lost', bar: 2 },
    remarks: [`min ${min.toFixed(1)} %, max ${max.toFixed(1)} % (${ROUNDS} pairs of ${LOAD_MS / 1000} s)`],
  };
}

/** Starts a guard that only waits. @returns ends it */
async function guard(target: string): Promise<() => Promise<void>> {
  const child = spawn(SOCKLENS, ['guard', target, '--descriptors', '100%', '--', 'sleep', '60'], {
    env: environment(),
    stdio: 'ignore',
  });
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  return async () => {
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    await ended;
  };
}
