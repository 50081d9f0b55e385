import { DiagSocket } from './diag-socket.ts';
import { NETLINK, openNetlinkSocket } from './netlink-socket.ts';
import type { SystemCalls } from './system-calls.ts';

/**
 * A socket of rtnetlink(7); requests and answers work as with sock_diag.
 *
 * @param netnsFd undefined for the caller's own namespace
 * @throws {SystemCallError} when the namespace cannot be entered
 */
export function openRouteSocket(calls: SystemCalls, netnsFd: number | undefined): DiagSocket {
  return new DiagSocket(openNetlinkSocket(calls, netnsFd, NETLINK.ROUTE));
}
