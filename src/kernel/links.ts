import { decodeLink, type Link, linkDumpRequest } from '../wire/link.ts';
import { DiagSocket, scratchStore } from './diag-socket.ts';
import { insideNetns } from './namespace.ts';
import type { SystemCalls } from './system-calls.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_ROUTE = 0;

/**
 * The interfaces of a network namespace, rtnetlink(7).
 *
 * @param netnsFd undefined for the caller's own
 * @throws {SystemCallError} when the namespace may not be entered
 * @throws {DiagError} when the kernel refuses or does not answer
 */
export function readLinks(calls: SystemCalls, netnsFd: number | undefined): Link[] {
  const create = () => calls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  // Dumps of every netlink family are asked for and read the same way.
  const socket = new DiagSocket(netnsFd === undefined ? create() : insideNetns(calls, netnsFd, create));
  const links: Link[] = [];
  try {
    socket.dump('interfaces', linkDumpRequest(), scratchStore(), (view, offset, length) => {
      links.push(decodeLink(view, offset, length));
    });
  } finally {
    socket.close();
  }
  return links;
}
