import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { nodeProgram } from '../test/support/netns.ts';

/** Many small namespaces with a name, a process and a listening socket each. */
export interface Namespaces {
  /** As `ip netns` knows them. */
  names: readonly string[];
  remove(): void;
}

/** Makes them. They also go when this process exits. */
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
    listener.once('exit', (status) => reject(new Error(`the listeners ended with ${status}`)));
  });
  return { names, remove };
}

/** One start of `ip` for all of them. */
function batch(lines: readonly string[]): void {
  execFileSync('ip', ['-force', '-batch', '-'], { input: `${lines.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
}
