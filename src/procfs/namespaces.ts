import fs from 'node:fs';
import { errnoOf } from '../base/errno.ts';
import { otherThreadFolder } from './living-thread.ts';
import { isDenied, isGone, isGoneOrDenied, PROC } from './read.ts';

/**
 * Inode number of a process's network namespace: its identity on this host, namespaces(7).
 *
 * @returns undefined when the process has exited, `'denied'` without ptrace read access to it
 */
export function readNetns(pid: number | 'self', proc = PROC): number | 'denied' | undefined {
  const netns = netnsIn(`${proc}/${pid}`);
  if (netns !== undefined || pid === 'self') return netns;
  const thread = otherThreadFolder(pid, proc);
  return thread === undefined ? undefined : netnsIn(thread);
}

function netnsIn(folder: string): number | 'denied' | undefined {
  let link: string;
  try {
    link = fs.readlinkSync(`${folder}/ns/net`);
  } catch (error) {
    if (isDenied(error)) return 'denied';
    if (isGone(error)) return undefined;
    throw error;
  }
  // net:[4026531840]
  return Number.parseInt(link.slice(5), 10);
}

/**
 * Inode number of a file below `/proc/PID/net`. Every network namespace has its own inodes
 * there, so equal numbers mean the same namespace; unlike {@link readNetns} it needs no permission.
 *
 * @returns undefined when the process has exited
 */
export function readProcNetInode(pid: number | 'self', proc = PROC): number | undefined {
  const inode = procNetInodeIn(`${proc}/${pid}`);
  if (inode !== undefined || pid === 'self') return inode;
  const thread = otherThreadFolder(pid, proc);
  return thread === undefined ? undefined : procNetInodeIn(thread);
}

function procNetInodeIn(folder: string): number | undefined {
  try {
    return fs.statSync(`${folder}/net/sockstat`).ino;
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    // A zombie has left its namespace.
    if (errnoOf(error) === 'EINVAL') return undefined;
    throw error;
  }
}

/**
 * Inode number of a process's mount or PID namespace; undefined when the process has exited, or it may not be looked at.
 */
export function readNamespace(pid: number, kind: 'mnt' | 'pid', proc = PROC): number | undefined {
  try {
    return fs.statSync(`${proc}/${pid}/ns/${kind}`).ino;
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
}
