import { once } from 'node:events';
import path from 'node:path';
import type { TestNetns } from '../netns.ts';

/** Repeated connection attempts or UDP queries: see `attempts-main.ts`. */
export interface Attempts {
  proto: 'tcp' | 'udp';
  host?: string;
  port: number;
  perSecond: number;
  /** Duration in milliseconds; until the namespace is removed when absent. */
  forMs?: number;
}

/** Starts the attempts; resolves when the program runs. It is killed with its namespace. */
export async function connectRepeatedly(netns: TestNetns, attempts: Attempts): Promise<void> {
  const { proto, host = '127.0.0.1', port, perSecond, forMs } = attempts;
  const script = path.join(import.meta.dirname, 'attempts-main.ts');
  const args = [proto, host, String(port), String(perSecond), ...(forMs === undefined ? [] : [String(forMs)])];
  const child = netns.spawnNode(script, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no stdout');
  await once(child.stdout, 'data');
}
