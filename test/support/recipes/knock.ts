import { once } from 'node:events';
import path from 'node:path';
import type { TestNetns } from '../netns.ts';

/** Where is knocked, and how often: see `knock-main.ts`. */
export interface Attempts {
  proto: 'tcp' | 'udp';
  host?: string;
  port: number;
  perSecond: number;
  /** Until it is stopped when left out. */
  forMs?: number;
}

/** Starts knocking; comes back when it has begun. It ends with its namespace. */
export async function connectRepeatedly(netns: TestNetns, door: Attempts): Promise<void> {
  const { proto, host = '127.0.0.1', port, perSecond, forMs } = door;
  const script = path.join(import.meta.dirname, 'knock-main.ts');
  const args = [proto, host, String(port), String(perSecond), ...(forMs === undefined ? [] : [String(forMs)])];
  const child = netns.spawnNode(script, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('it has no stdout');
  await once(child.stdout, 'data');
}
