import fs from 'node:fs';

/**
 * Inodes in sockfs of the netlink sockets that this process has opened, by their descriptors. That of a closed socket
 * stays until another has its descriptor: the kernel gives no socket the same inode soon (fs/inode.c, get_next_ino).
 */
const inodes = new Map<number, number>();

/** Notes a netlink socket that this process has opened. */
export function noteOwnSocket(fd: number): void {
  inodes.set(fd, fs.fstatSync(fd).ino);
}

/** Inodes of the netlink sockets of this process, by which they are recognised in a dump. */
export function ownSocketInodes(): Set<number> {
  return new Set(inodes.values());
}
