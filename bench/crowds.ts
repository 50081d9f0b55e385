import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { nodeProgram } from '../test/support/netns.ts';
import { makeNamespaces, type Namespaces } from './namespaces.ts';

/** No process may have more than 20,000 descriptors. */
const NAMESPACES_PER_PROCESS = 18;

/** What lives in the namespaces. */
export interface Crowds {
  namespaces: number;
  /** Sockets in each: both ends of half as many connections. */
  sockets: number;
  /** How many of the namespaces have changing connections, and how many they make a second. */
  changing: number;
  rate: number;
}

/** Makes namespaces with very many sockets each, in some of which connections come and go. */
export async function makeCrowds({ namespaces: count, sockets, changing, rate }: Crowds): Promise<Namespaces> {
  const namespaces = await makeNamespaces(count);
  for (const name of namespaces.names) execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  const processes: ChildProcess[] = [];
  for (let at = 0; at < count; at += NAMESPACES_PER_PROCESS) {
    const names = namespaces.names.slice(at, at + NAMESPACES_PER_PROCESS);
    const own = Math.min(Math.max(changing - at, 0), names.length);
    const args = [sockets / 2, own, rate].map(String);
    const script = path.join(import.meta.dirname, 'crowds-main.ts');
    const child = spawn(nodeProgram(), [script, ...args, ...names], { stdio: ['pipe', 'pipe', 'inherit'] });
    processes.push(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('exit', (status) => reject(new Error(`the crowds ended with ${status}`)));
    });
  }
  const remove = () => {
    process.removeListener('exit', remove);
    for (const child of processes) child.kill('SIGKILL');
    namespaces.remove();
  };
  process.once('exit', remove);
  return { names: namespaces.names, remove };
}
