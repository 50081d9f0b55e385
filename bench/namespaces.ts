import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { nodeProgram } from '../test/support/netns.ts';

/** Many small namespaces with a name, a process and a listening socket each. */
export interface Namespaces {
  /** Names for `ip netns`. */
  names: readonly string[];
  /** Kills the processes and deletes the namespaces. */
  remove(): void;
}

/** Makes namespaces and processes; they are removed when this process exits, too. */
export async function makeNamespaces(count: number): Promise<Namespaces> {
  const names = Array.from({ length: count }, (_, index) => `slbench-${process.pid}-${index}`);
  const processes: ChildProcess[] = [];
  const remove = () => {
    process.removeListener('exit', remove);
    for (const child of processes) child.kill('SIGKILL');
    batch(names.map((name) => `netns delete ${name}`));
  };
  process.once('exit', remove);
  batch(names.map((name) => `netns add ${name}`));
  const listener = spawn(nodeProgram(), [path.join(import.meta.dirname, 'listeners-main.ts'), ...names], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  processes.push(listener);
  for (const name of names) {
    processes.push(spawn('nsenter', [`--net=/run/netns/${name}`, '--', 'sleep', '1000000'], { stdio: 'ignore' }));
  }
  await new Promise<void>((resolve, reject) => {
    listener.stdout?.once('data', () => resolve());
    listener.once('exit', (status) => reject(new Error(`the listeners exited with status ${status}`)));
  });
  return { names, remove };
}

/** Runs all lines with one `ip -batch`. */
function batch(lines: readonly string[]): void {
  execFileSync('ip', ['-force', '-batch', '-'], { input: `${lines.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
}
