import { DiagSocket } from './diag-socket.ts';
import { insideNetns } from './namespace.ts';
import type { SystemCalls } from './system-calls.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_ROUTE = 0;

/**
 * A socket of rtnetlink(7); requests and answers work as with sock_diag.
 *
 * @param netnsFd undefined for the caller's own namespace
 * @throws {SystemCallError} when the namespace cannot be entered
 */
export function openRouteSocket(calls: SystemCalls, netnsFd: number | undefined): DiagSocket {
  const create = () => calls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  return new DiagSocket(netnsFd === undefined ? create() : insideNetns(calls, netnsFd, create));
}
