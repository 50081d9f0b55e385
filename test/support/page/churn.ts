import { once } from 'node:events';
import path from 'node:path';
import type { TestNetns } from '../netns.ts';

/** Connections that begin and end, by order. */
export interface Churn {
  pid: number;
  /** Where its connections go. */
  port: number;
  /** Has connections opened and closed, and attempts refused; returns when they are over. */
  order(numbers: { opens?: number; refused?: number }): Promise<void>;
}

/** Starts a process that connects with itself; it ends with the namespace or this process. */
export async function churnIn(place: Pick<TestNetns, 'spawnNode'>): Promise<Churn> {
  const script = path.join(import.meta.dirname, 'churn-main.ts');
  const child = place.spawnNode(script, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdin, stdout, pid } = child;
  if (stdin === null || stdout === null || pid === undefined) throw new Error('the churn did not start');
  const [first] = (await once(stdout, 'data')) as [Buffer];
  return {
    pid,
    port: Number(first.toString()),
    async order(numbers) {
      stdin.write(`${JSON.stringify(numbers)}\n`);
      await once(stdout, 'data');
    },
  };
}
