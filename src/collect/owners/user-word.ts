import fs from 'node:fs';
import { ownerBelow, userNamespaceOf } from '../../kernel/user-namespace.ts';
import { isGoneOrDenied, readProcText } from '../../procfs/read.ts';
import type { Machine } from '../machine.ts';

/**
 * Whether a process belongs to an ordinary user: it runs in a user namespace that this user made, as rootless containers
 * do, or it is one of the user's own processes in the reader's user namespace. What the user reports of other
 * processes is not to be taken.
 *
 * @returns false as well where it cannot be determined
 * @throws when the foreign-function library has no binary for this machine
 */
export function isOfUser(machine: Machine, pid: number, uid: number): boolean {
  const own = ownUserNamespace(machine);
  const isTheirs = withFile(`${machine.proc}/${pid}/ns/user`, (fd) => {
    if (fs.fstatSync(fd).ino === own) return hasUid(machine, pid, uid);
    return ownerBelow(machine.systemCalls(), fd, own) === uid;
  });
  return isTheirs ?? false;
}

/**
 * The ordinary user who made the user namespace that a process runs in, as those of rootless containers.
 *
 * @returns undefined for a process in the reader's own user namespace, and where it cannot be determined
 * @throws as {@link isOfUser}
 */
export function userAround(machine: Machine, pid: number): number | undefined {
  const own = ownUserNamespace(machine);
  return withFile(`${machine.proc}/${pid}/ns/user`, (fd) => ownerBelow(machine.systemCalls(), fd, own));
}

/**
 * Whether a network namespace belongs to an ordinary user: it was made within a user namespace of this user.
 *
 * @param fd of the network namespace
 * @throws as {@link isOfUser}
 */
export function isNetnsOfUser(machine: Machine, fd: number, uid: number): boolean {
  const calls = machine.systemCalls();
  const userNamespace = userNamespaceOf(calls, fd);
  if (userNamespace === undefined) return false;
  try {
    return ownerBelow(calls, userNamespace, ownUserNamespace(machine)) === uid;
  } finally {
    fs.closeSync(userNamespace);
  }
}

function ownUserNamespace({ proc }: Machine): number {
  return fs.statSync(`${proc}/self/ns/user`).ino;
}

/** Real, effective, saved and file system uid: a program with the set-user-ID bit is another user's as well. */
function hasUid({ proc }: Machine, pid: number, uid: number): boolean {
  const uids = /^Uid:\t(.*)$/m.exec(readProcText(`${proc}/${pid}/status`) ?? '')?.[1]?.split('\t') ?? [];
  return uids.length === 4 && uids.every((each) => Number(each) === uid);
}

/** @returns undefined where there is no such file that may be opened */
function withFile<T>(path: string, read: (fd: number) => T): T | undefined {
  let fd: number;
  try {
    fd = fs.openSync(path, 'r');
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
  try {
    return read(fd);
  } finally {
    fs.closeSync(fd);
  }
}
