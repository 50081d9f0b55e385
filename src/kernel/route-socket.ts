import { DiagSocket } from './diag-socket.ts';
import { NETLINK, openNetlinkSocket } from './netlink-socket.ts';
import type { SystemCalls } from './system-calls.ts';

/**
 * A socket of rtnetlink(7), asked and read the way that one of sock_diag is.
 *
 * @param netnsFd undefined for the caller's own namespace
 * @throws {SystemCallError} when the namespace may not be entered
 */
export function openRouteSocket(calls: SystemCalls, netnsFd: number | undefined): DiagSocket {
  return new DiagSocket(openNetlinkSocket(calls, netnsFd, NETLINK.ROUTE));
}
