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
