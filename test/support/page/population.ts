import { once } from 'node:events';
import path from 'node:path';
import type { TestNetns } from '../netns.ts';

/** Connections of a namespace with itself, by order. */
export interface Population {
  pid: number;
  /**
   * Makes the numbers so.
   *
   * @param closing connections that the client closed and the server did not
   */
  order(numbers: { port: number; open: number; closing: number }): Promise<void>;
}

/** Starts a process that holds connections; it ends with the namespace or this process. */
export async function populate(place: Pick<TestNetns, 'spawnNode'>): Promise<Population> {
  const script = path.join(import.meta.dirname, 'population-main.ts');
  const child = place.spawnNode(script, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdin, stdout, pid } = child;
  if (stdin === null || stdout === null || pid === undefined) throw new Error('the population did not start');
  return {
    pid,
    async order(numbers) {
      stdin.write(`${JSON.stringify(numbers)}\n`);
      await once(stdout, 'data');
    },
  };
}
