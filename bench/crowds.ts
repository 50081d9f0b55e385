import { type ChildProcess, execFileSync, spawn } from 'node:child_process';

/** Connections in each namespace: twice as many sockets. */
const CONNECTIONS = 500;

/** Namespaces with a thousand sockets each, held by a process that lives there; in some of them connections come and go. */
export interface Crowds {
  /** As `ip netns` knows them. */
  names: readonly string[];
  /** A process in each, in the same order. */
  pids: readonly number[];
  /** Those of the names in which connections change. */
  changing: readonly string[];
  remove(): void;
}

/**
 * Makes them. They also go when this process exits.
 *
 * @param program crowd.c, compiled
 */
export async function makeCrowds(
  program: string,
  count: number,
  changing: number,
  changesPerSecond: number,
): Promise<Crowds> {
  const names = Array.from({ length: count }, (_, index) => `slcrowd-${process.pid}-${index}`);
  const children: ChildProcess[] = [];
  const remove = () => {
    process.removeListener('exit', remove);
    for (const child of children) child.kill('SIGKILL');
    batch(names.map((name) => `netns delete ${name}`));
  };
  process.once('exit', remove);
  batch(names.flatMap((name) => [`netns add ${name}`, `netns exec ${name} ip link set lo up`]));
  for (const [index, name] of names.entries()) {
    const args = [`--net=/run/netns/${name}`, '--', program, CONNECTIONS, index < changing ? changesPerSecond : 0];
    const child = spawn('nsenter', args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('exit', (status) => reject(new Error(`a process with many sockets ended with ${status}`)));
    });
  }
  return { names, pids: children.map((child) => child.pid ?? 0), changing: names.slice(0, changing), remove };
}

/** One start of `ip` for all of them. */
function batch(lines: readonly string[]): void {
  execFileSync('ip', ['-force', '-batch', '-'], { input: `${lines.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
}
