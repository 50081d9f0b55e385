import fs from 'node:fs';
import type { SystemCalls } from './system-calls.ts';

const CLONE_NEWNET = 0x40000000;

/**
 * Enters the network namespace of `netnsFd`, runs `make` and returns to the thread's own namespace.
 *
 * All of it is synchronous on the calling thread, so that no other JavaScript runs in that namespace.
 * `make` must not start anything asynchronous: a new thread inherits the namespace of the thread that
 * starts it. If returning fails the process exits at once, because it would otherwise report one
 * namespace's sockets as another's.
 *
 * @throws {SystemCallError} EPERM without CAP_SYS_ADMIN over the namespace; setns(2)
 */
export function insideNetns<T>(calls: SystemCalls, netnsFd: number, make: () => T): T {
  // /proc/self is the thread-group leader, whose namespace can differ from this thread's.
  const original = fs.openSync('/proc/thread-self/ns/net', 'r');
  try {
    calls.setns(netnsFd, CLONE_NEWNET);
    try {
      return make();
    } finally {
      try {
        calls.setns(original, CLONE_NEWNET);
      } catch (error) {
        process.stderr.write(`socklens: cannot return to its own network namespace (${error}), giving up\n`);
        process.exit(70);
      }
    }
  } finally {
    fs.closeSync(original);
  }
}

/**
 * Creates an empty network namespace, whose loopback is down. It exists as long as the descriptor, a
 * process in it or a mount of it.
 *
 * @returns an open descriptor of it, with close-on-exec
 * @throws {SystemCallError} EPERM without CAP_SYS_ADMIN; unshare(2)
 */
export function createNetns(calls: SystemCalls): number {
  const original = fs.openSync('/proc/thread-self/ns/net', 'r');
  try {
    // insideNetns returns to the own namespace, or exits where it cannot.
    return insideNetns(calls, original, () => {
      calls.unshare(CLONE_NEWNET);
      return fs.openSync('/proc/thread-self/ns/net', 'r');
    });
  } finally {
    fs.closeSync(original);
  }
}
