import { insideNetns } from './namespace.ts';
import { noteOwnSocket } from './own-sockets.ts';
import { AF, SOCK } from './socket-constants.ts';
import type { SystemCalls } from './system-calls.ts';

/** include/uapi/linux/netlink.h: protocols of netlink. */
export const NETLINK = { ROUTE: 0, SOCK_DIAG: 4 } as const;

/**
 * Opens a netlink socket in a network namespace; it belongs to that namespace from then on.
 *
 * @param netnsFd undefined for the caller's own namespace
 * @param flags of {@link SOCK} beside close-on-exec
 * @returns a descriptor that the caller closes
 * @throws {SystemCallError} when the namespace may not be entered
 */
export function openNetlinkSocket(
  calls: SystemCalls,
  netnsFd: number | undefined,
  protocol: number,
  flags: number = 0,
): number {
  const create = () => calls.socket(AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC | flags, protocol);
  const fd = netnsFd === undefined ? create() : insideNetns(calls, netnsFd, create);
  noteOwnSocket(fd);
  return fd;
}
