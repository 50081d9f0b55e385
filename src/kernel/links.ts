import { decodeLink, type Link, linkDumpRequest } from '../netlink/link.ts';
import { scratchStore } from './diag-socket.ts';
import { openRouteSocket } from './route-socket.ts';
import type { SystemCalls } from './system-calls.ts';

/**
 * The interfaces of a network namespace, rtnetlink(7).
 *
 * @param netnsFd undefined for the caller's own
 * @throws {SystemCallError} when the namespace cannot be entered
 * @throws {DiagError} when the kernel refuses or does not answer
 */
export function readLinks(calls: SystemCalls, netnsFd: number | undefined): Link[] {
  const socket = openRouteSocket(calls, netnsFd);
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
