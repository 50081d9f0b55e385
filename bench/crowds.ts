import { type ChildProcess, execFileSync, spawn } from 'node:child_process';

/** Connections in each namespace by default; each has two sockets. */
const CONNECTIONS = 500;
/** Limit of a process's descriptors, as a multiple of those of its connections, and besides them. */
const ROOM = 2;
const OTHER_FILES = 124;

/** Namespaces with a process each that holds connections; in some of them connections are closed and opened. */
export interface Crowds {
  /** Names for `ip netns`. */
  names: readonly string[];
  /** Process ids, one for each namespace, in the order of {@link names}. */
  pids: readonly number[];
  /** Names of the namespaces in which connections change: the first ones. */
  changing: readonly string[];
  /** Kills the processes and deletes the namespaces. */
  remove(): void;
}

/**
 * Makes namespaces and processes; they are removed when this process exits, too.
 *
 * @param program the compiled crowd.c
 * @param unheld in how many of the last namespaces sockets without a descriptor are left, and how many of each kind
 */
export async function makeCrowds(
  program: string,
  count: number,
  changing: number,
  changesPerSecond: number,
  connections = CONNECTIONS,
  unheld: { namespaces: number; each: number } = { namespaces: 0, each: 0 },
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
    const files = `--nofile=${ROOM * 2 * connections + OTHER_FILES + 4 * unheld.each}`;
    const left = index >= count - unheld.namespaces ? unheld.each : 0;
    const crowd = [program, connections, index < changing ? changesPerSecond : 0, left];
    const args = [`--net=/run/netns/${name}`, '--', 'prlimit', files, ...crowd];
    const child = spawn('nsenter', args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('exit', (status) => reject(new Error(`crowd exited with status ${status}`)));
    });
  }
  return { names, pids: children.map((child) => child.pid ?? 0), changing: names.slice(0, changing), remove };
}

/** Runs all lines with one `ip -batch`. */
function batch(lines: readonly string[]): void {
  execFileSync('ip', ['-force', '-batch', '-'], { input: `${lines.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
}
