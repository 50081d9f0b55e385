/** Very many TCP connections in a namespace, for measurements and for dumps of many messages. */
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { TestNetns } from '../netns.ts';

/** Two descriptors a connection, under the usual hard limit of 20,000 for a process. */
const CONNECTIONS_PER_PROCESS = 9_000;

/** The sockets that were made. */
export interface ManySockets {
  /** TCP connections; the namespace has two ESTABLISHED sockets for each. */
  connections: number;
  /** Sockets in LISTEN. */
  listeners: number;
  /** The processes that hold them. */
  pids: number[];
  stop(): Promise<void>;
}

/**
 * Makes `connections` TCP connections on loopback, both ends inside, spread over several processes
 * and over `listeners` local addresses.
 */
export async function manySockets(netns: TestNetns, connections: number, listeners = 100): Promise<ManySockets> {
  const processes = Math.max(Math.ceil(connections / CONNECTIONS_PER_PROCESS), 1);
  const script = path.join(import.meta.dirname, 'many-sockets-main.ts');
  const children: ChildProcess[] = [];
  let firstListener = 0;
  for (let index = 0; index < processes; index++) {
    const own = share(connections, processes, index);
    const ownListeners = Math.max(share(listeners, processes, index), 1);
    const args = [own, ownListeners, firstListener].map(String);
    children.push(netns.spawnNode(script, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
    firstListener += ownListeners;
  }
  await Promise.all(children.map(ready));
  return {
    connections,
    listeners: firstListener,
    pids: children.map((child) => child.pid ?? 0),
    stop: async () => {
      await Promise.all(children.map(end));
    },
  };
}

function share(total: number, parts: number, index: number): number {
  return Math.floor((total * (index + 1)) / parts) - Math.floor((total * index) / parts);
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('error', reject);
    child.once('exit', (status) => reject(new Error(`the process with many sockets ended with ${status}`)));
  });
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.removeAllListeners('exit');
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
