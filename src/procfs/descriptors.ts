import fs from 'node:fs';
import { isDenied, isGoneOrDenied, PROC } from './read.ts';

/**
 * How many descriptors a process has open; undefined when it is gone or may not be looked at
 * (ptrace read access is needed).
 *
 * Since Linux 6.2 the size of `/proc/PID/fd` is that number (fs/proc/fd.c, proc_fd_getattr); older
 * kernels say 0 and the directory is listed.
 */
export function countDescriptors(pid: number, proc = PROC): number | undefined {
  const path = `${proc}/${pid}/fd`;
  try {
    const size = fs.statSync(path).size;
    return size > 0 ? size : fs.readdirSync(path).length;
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
}

/**
 * Calls `visit` with every descriptor of a process that is a socket, and the socket's inode.
 *
 * @returns false when the process is gone or may not be looked at: the folder may not be listed, or
 *   (for a process with more capabilities than the reader) its links may not be read
 */
export function eachSocketDescriptor(pid: number, visit: (fd: number, inode: number) => void, proc = PROC): boolean {
  const path = `${proc}/${pid}/fd`;
  let entries: string[];
  try {
    entries = fs.readdirSync(path);
  } catch (error) {
    if (isGoneOrDenied(error)) return false;
    throw error;
  }
  let readable = true;
  for (const entry of entries) {
    let link: string;
    try {
      link = fs.readlinkSync(`${path}/${entry}`);
    } catch (error) {
      if (!isGoneOrDenied(error)) throw error;
      if (isDenied(error)) readable = false;
      continue;
    }
    if (link.startsWith('socket:[')) visit(Number(entry), Number.parseInt(link.slice(8), 10));
  }
  return readable;
}
