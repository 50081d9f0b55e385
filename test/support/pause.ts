/** Stops a program from running for a while, so that it reads nothing meanwhile. */
import fs from 'node:fs';

/** Longest wait until every thread stands still, milliseconds. */
const MOST_MS = 60_000;

/**
 * Stops a process (SIGSTOP) until {@link resume}. Blocks until it stands still: a dump that the kernel is writing for it goes
 * on to its end after the signal.
 */
export function pause(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  const tasks = `/proc/${pid}/task`;
  const deadlineMs = Date.now() + MOST_MS;
  const isStopped = (thread: string) =>
    / T /.test(fs.readFileSync(`${tasks}/${thread}/stat`, 'latin1').replace(/^.*\)/, ')'));
  while (!fs.readdirSync(tasks).every(isStopped)) {
    if (Date.now() > deadlineMs) throw new Error(`process ${pid} does not stop`);
  }
}

/** Lets it run again (SIGCONT). */
export function resume(pid: number): void {
  process.kill(pid, 'SIGCONT');
}
