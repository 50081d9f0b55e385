import fs from 'node:fs';
import { errnoOf } from '../base/errno.ts';
import { otherThreadFolder, processFolder } from './living-thread.ts';
import { isDenied, isGoneOrDenied, PROC } from './read.ts';

/**
 * How many descriptors a process has open; undefined when it has exited, or without ptrace read
 * access to it.
 *
 * Since Linux 6.2 the size of `/proc/PID/fd` is that number (fs/proc/fd.c, proc_fd_getattr); older
 * kernels say 0 and the directory is listed.
 */
export function countDescriptors(pid: number, proc = PROC): number | undefined {
  const path = `${proc}/${pid}/fd`;
  try {
    const size = fs.statSync(path).size;
    return size > 0 ? size : listDescriptors(pid, proc).entries.length;
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
}

/**
 * Lists a folder of descriptors. That of a process whose main thread has ended is empty, and another thread's has them.
 */
function listDescriptors(pid: number, proc: string): { path: string; entries: string[] } {
  const path = `${proc}/${pid}/fd`;
  const entries = fs.readdirSync(path);
  const thread = entries.length === 0 ? otherThreadFolder(pid, proc) : undefined;
  return thread === undefined ? { path, entries } : { path: `${thread}/fd`, entries: fs.readdirSync(`${thread}/fd`) };
}

/** readlinkat(2): writes a link's target into `target` and returns its length in bytes. */
export type ReadLinkAt = (folder: number, name: string, target: Uint8Array) => number;

/**
 * Calls `visit` with every descriptor of a process that is a socket, and the socket's inode.
 *
 * @param readlinkat as {@link eachDescriptor}
 * @returns false as {@link eachDescriptor}
 */
export function eachSocketDescriptor(
  pid: number,
  visit: (fd: number, inode: number) => void,
  proc = PROC,
  readlinkat?: ReadLinkAt,
): boolean {
  return eachDescriptor(
    pid,
    (fd, link) => {
      if (link.startsWith('socket:[')) visit(fd, Number.parseInt(link.slice(8), 10));
    },
    proc,
    readlinkat,
  );
}

/**
 * PATH_MAX bytes, longer than any link. Allocated once, outside V8's heap: system calls need memory that does not move.
 */
const linkBuffer = Buffer.alloc(4096);

/**
 * Calls `visit` with every descriptor of a process and the target of its link in `/proc/PID/fd`, proc_pid_fd(5).
 *
 * @param readlinkat takes half the time of Node's readlink: the kernel does not resolve the directory's path
 *   again for each link
 * @param sockets descriptors that are sockets, with the inode of each, as they were just before: of those that are still
 *   open no link is read, where the first of them is what it was
 * @returns false when the process has exited or cannot be read: the directory may not be listed, or
 *   (for a process with more capabilities than the reader) its links may not be read
 */
export function eachDescriptor(
  pid: number,
  visit: (fd: number, link: string) => void,
  proc = PROC,
  readlinkat?: ReadLinkAt,
  sockets: ReadonlyMap<number, number> = NO_SOCKETS,
): boolean {
  let path: string;
  let entries: string[];
  let folder: number | undefined;
  try {
    ({ path, entries } = listDescriptors(pid, proc));
    if (readlinkat !== undefined) folder = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  } catch (error) {
    if (isGoneOrDenied(error)) return false;
    throw error;
  }
  const linkOf = (entry: string): string =>
    readlinkat === undefined || folder === undefined
      ? fs.readlinkSync(`${path}/${entry}`)
      : linkBuffer.toString('utf8', 0, readlinkat(folder, entry, linkBuffer));
  try {
    return eachLink(entries, isStill(sockets, linkOf) ? sockets : NO_SOCKETS, linkOf, visit);
  } finally {
    if (folder !== undefined) fs.closeSync(folder);
  }
}

const NO_SOCKETS: ReadonlyMap<number, number> = new Map();

/** Whether the first of some descriptors is what it was: a thread can have descriptors of its own. */
function isStill(sockets: ReadonlyMap<number, number>, linkOf: (entry: string) => string): boolean {
  for (const [fd, inode] of sockets) {
    try {
      return linkOf(String(fd)) === linkOfSocket(inode);
    } catch (error) {
      if (!isGoneOrDenied(error)) throw error;
      return false;
    }
  }
  return true;
}

function linkOfSocket(inode: number): string {
  return `socket:[${inode}]`;
}

function eachLink(
  entries: readonly string[],
  sockets: ReadonlyMap<number, number>,
  linkOf: (entry: string) => string,
  visit: (fd: number, link: string) => void,
): boolean {
  let readable = true;
  for (const entry of entries) {
    const inode = sockets.get(Number(entry));
    if (inode !== undefined) {
      visit(Number(entry), linkOfSocket(inode));
      continue;
    }
    let link: string;
    try {
      link = linkOf(entry);
    } catch (error) {
      if (!isGoneOrDenied(error)) throw error;
      if (isDenied(error)) readable = false;
      continue;
    }
    visit(Number(entry), link);
  }
  return readable;
}

/** Whether a descriptor of a process is the socket with this inode; false where that cannot be read. */
export function isDescriptorOf(pid: number, fd: number, inode: number, proc = PROC): boolean {
  try {
    return fs.readlinkSync(`${processFolder(pid, proc)}/fd/${fd}`) === linkOfSocket(inode);
  } catch {
    return false;
  }
}

/** The extended attribute of a socket that has its protocol's name, net/socket.c (XATTR_NAME_SOCKPROTONAME). */
const PROTOCOL_NAME = 'system.sockprotoname';

/** Allocated once, outside V8's heap: system calls need memory that does not move. */
const nameBuffer = Buffer.alloc(256);

/**
 * The kernel's name of the protocol of a socket that a process holds: `TCP`, `UDPv6`, `UNIX-STREAM`,
 * `NETLINK`, `AF_VSOCK`. It exists for every socket, also for those in no table; lsof(8) reads it too.
 *
 * @param getxattr getxattr(2)
 * @returns undefined when the descriptor refers to something else by now
 * @throws what `getxattr` throws
 */
export function socketProtocol(
  pid: number,
  fd: number,
  inode: number,
  getxattr: (path: string, name: string, value: Uint8Array) => number,
  proc = PROC,
): string | undefined {
  const path = `${processFolder(pid, proc)}/fd/${fd}`;
  const length = getxattr(path, PROTOCOL_NAME, nameBuffer);
  if (fs.readlinkSync(path) !== linkOfSocket(inode)) return undefined;
  const name = nameBuffer.toString('latin1', 0, length);
  return name.replace(/\0.*$/s, '');
}

/** Whether the descriptors of a process may not be listed, as netstat sees it: whether or not its links can be read. */
export function isDescriptorListDenied(pid: number, proc = PROC): boolean {
  try {
    fs.accessSync(`${proc}/${pid}/fd`, fs.constants.R_OK);
    return false;
  } catch (error) {
    return errnoOf(error) === 'EACCES';
  }
}
