import fs from 'node:fs';
import { isGoneOrDenied, PROC } from './read.ts';

/** Links of `/proc/PID/task` besides one for each thread: `.` and the entry in its parent. */
const OTHER_LINKS = 2;

/**
 * The `/proc/PID/task/TID` of a thread that is not the main one. A main thread that has called pthread_exit(3) stays as
 * a zombie while the others run: the process's namespaces, descriptors and executable are then found here, not in
 * `/proc/PID`.
 *
 * @returns undefined for a process with one thread, and when it has exited or cannot be read
 */
export function otherThreadFolder(pid: number, proc = PROC): string | undefined {
  const tasks = `${proc}/${pid}/task`;
  try {
    // The usual case needs no list of the threads.
    if (fs.statSync(tasks).nlink <= OTHER_LINKS + 1) return undefined;
    const thread = fs.readdirSync(tasks).find((tid) => Number(tid) !== pid);
    return thread === undefined ? undefined : `${tasks}/${thread}`;
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
}

/**
 * The folder that has a process's files: `/proc/PID`, or that of another thread where the main one has ended.
 *
 * @returns `/proc/PID` for a process that has exited, too
 */
export function processFolder(pid: number, proc = PROC): string {
  const main = `${proc}/${pid}`;
  try {
    fs.readlinkSync(`${main}/ns/net`);
    return main;
  } catch (error) {
    if (!isGoneOrDenied(error)) throw error;
    // Without permission to read the link, the files of the namespace say whether the main thread still has one.
    return fs.existsSync(`${main}/net/sockstat`) ? main : (otherThreadFolder(pid, proc) ?? main);
  }
}
