import fs from 'node:fs';
import type { SystemCalls } from './system-calls.ts';

const CLONE_NEWNET = 0x40000000;

/**
 * Runs `make` inside the network namespace of `netnsFd` and comes back.
 *
 * Everything happens synchronously on the calling thread: no other JavaScript can run in between.
 * Nothing asynchronous may begin inside `make`, because a new thread inherits the namespace of the
 * thread that starts it. If the way back fails the process exits at once: it would otherwise show
 * one namespace's sockets as another's.
 *
 * @throws {SystemCallError} EPERM without CAP_SYS_ADMIN over the namespace; setns(2)
 */
export function insideNetns<T>(calls: SystemCalls, netnsFd: number, make: () => T): T {
  // /proc/self would be the thread-group leader's namespace; this thread's own is wanted.
  const home = fs.openSync('/proc/thread-self/ns/net', 'r');
  try {
    calls.setns(netnsFd, CLONE_NEWNET);
    try {
      return make();
    } finally {
      try {
        calls.setns(home, CLONE_NEWNET);
      } catch (error) {
        process.stderr.write(`socklens: cannot return to its own network namespace (${error}), giving up\n`);
        process.exit(70);
      }
    }
  } finally {
    fs.closeSync(home);
  }
}

/**
 * Makes a network namespace that nothing is in yet, with its loopback down. It lasts as long as the
 * descriptor, or as a process or a mount holds it.
 *
 * @returns an open descriptor of it, closed in programs that are started
 * @throws {SystemCallError} EPERM without CAP_SYS_ADMIN; unshare(2)
 */
export function createNetns(calls: SystemCalls): number {
  const home = fs.openSync('/proc/thread-self/ns/net', 'r');
  try {
    // Back home by way of the excursion, which knows what to do when there is none.
    return insideNetns(calls, home, () => {
      calls.unshare(CLONE_NEWNET);
      return fs.openSync('/proc/thread-self/ns/net', 'r');
    });
  } finally {
    fs.closeSync(home);
  }
}
