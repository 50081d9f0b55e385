import fs from 'node:fs';
import { errnoOf } from '../base/errno.ts';

/** Inodes in sockfs of the sockets of this process, by which they are recognised in a dump of netlink sockets. */
export function ownSocketInodes(): Set<number> {
  const inodes = new Set<number>();
  for (const fd of fs.readdirSync('/proc/self/fd')) {
    try {
      const stat = fs.fstatSync(Number(fd));
      if (stat.isSocket()) inodes.add(stat.ino);
    } catch (error) {
      // The descriptor of the listing itself is closed by now.
      if (errnoOf(error) !== 'EBADF') throw error;
    }
  }
  return inodes;
}
