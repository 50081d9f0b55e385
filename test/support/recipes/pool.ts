/** A pool and its database in a namespace, driven through phases of load: see `pool-main.ts`. */
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import type { TestNetns } from '../netns.ts';

export interface PoolPlan {
  /** Default 127.0.0.1. */
  host?: string;
  port: number;
  /** Whether the database is in the same process; default true. */
  serve?: boolean;
  /** The open cap; none when left out. */
  maxOpen?: number;
  /** Maximum of idle connections; more are closed when they are returned to the pool. */
  maxIdle?: number;
  /** Time after which idle connections above the maximum are closed, instead of at once. */
  idleMs?: number;
  /** Connections that the database takes; it refuses more as MySQL does. None when left out. */
  serverLimit?: number;
  /** How long a query takes. */
  holdMs: number;
  /** Phases in order; the last one does not end. */
  phases: { workers: number; ms: number; thinkMs: number }[];
}

export interface RunningPool {
  pid: number;
  /** Waits until the pool prints a line: `phase 1`, `done`. */
  said(line: string): Promise<void>;
  begin(): void;
}

export async function startPool(netns: Pick<TestNetns, 'spawnNode'>, plan: PoolPlan): Promise<RunningPool> {
  const script = path.join(import.meta.dirname, 'pool-main.ts');
  const child: ChildProcess = netns.spawnNode(script, [JSON.stringify(plan)], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('the pool has no stdout');
  const lines = readline.createInterface({ input: child.stdout });
  const said = new Set<string>();
  const waiting = new Map<string, () => void>();
  const first = new Promise<string>((resolve) => {
    lines.on('line', (line) => {
      said.add(line);
      waiting.get(line)?.();
      if (line.startsWith('ready')) resolve(line);
    });
  });
  const ready = await first;
  return {
    pid: Number(ready.split(' ')[1]),
    async said(line) {
      if (!said.has(line)) await new Promise<void>((resolve) => waiting.set(line, resolve));
    },
    begin: () => void child.stdin?.write('go\n'),
  };
}
