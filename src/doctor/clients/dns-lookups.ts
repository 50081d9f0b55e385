import { grouped } from '../../base/lists.ts';
import { EMBEDDED_DNS_ADDRESS } from '../../model/container/embedded-dns.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { holderKey } from '../scopes.ts';
import { dumpsOf, ofProto } from '../snapshots/snapshots.ts';
import { DNS, resolversOf } from './dns-queries.ts';

/** Longer than any resolver waits for one server: a socket that lives longer is kept, not waiting. */
const MOST_WAIT_MS = 45_000;

/** Sockets of one process that asked a name server and waited. */
export interface WaitingLookups {
  /** The last of them; its holder and its peer are those of all. */
  member: StoredSocket;
  /** Sockets that stayed for the time that was asked about. */
  count: number;
  /** Of them, those that ended while it was looked: a socket that is kept for every query does not. */
  ended: number;
  /** The longest time that one was seen, milliseconds; the wait is that, or longer. */
  longestMs: number;
  /** When the first of them was seen, milliseconds since the epoch. */
  sinceMs: number;
  /** Other name servers that the same process asked, at which no socket stayed. */
  others: readonly string[];
}

interface Seen {
  socket: StoredSocket;
  fromMs: number;
  toMs: number;
  /** Whether a later dump was taken that did not have it. */
  ended: boolean;
}

/**
 * Lookups without an answer: UDP sockets connected to port 53 that stay with nothing received. A lookup that is
 * answered is over in milliseconds, and its socket with it. Resolvers of the namespace, which may keep theirs, are
 * left out; so is whoever keeps a socket for all of its queries (the `resolver` of nginx, the resolvers of HAProxy).
 *
 * @param waitMs how long a socket must have been seen
 */
export function waitingLookups(netns: NetnsSeries, waitMs: number): WaitingLookups[] {
  const seen = lookupsOf(netns);
  const resolvers = resolversOf(netns);
  const own = seen.filter(({ socket: { process } }) => process === undefined || !resolvers.has(process.pid));
  const waited = own.filter(({ fromMs, toMs }) => toMs - fromMs >= waitMs && toMs - fromMs <= MOST_WAIT_MS);
  const groups = grouped(waited, ({ socket }) => `${holderKey(socket)} ${socket.peer?.plain}`);
  const found = [...groups.values()].flatMap((members): WaitingLookups[] => {
    const last = members.at(-1);
    if (last === undefined) return [];
    const address = last.socket.peer?.plain;
    return [
      {
        member: last.socket,
        count: members.length,
        ended: members.filter(({ ended }) => ended).length,
        longestMs: Math.max(...members.map(({ fromMs, toMs }) => toMs - fromMs)),
        sinceMs: Math.min(...members.map(({ fromMs }) => fromMs)),
        others: answering(netns, seen, waited, address),
      },
    ];
  });
  // Docker's DNS server asks in the namespace of the container: what it waits for is the cause.
  const byEmbedded = found.some(({ member }) => member.process?.name === 'dockerd');
  return byEmbedded ? found.filter(({ member }) => member.peer?.plain !== EMBEDDED_DNS_ADDRESS) : found;
}

/** The sockets connected to port 53 over the dumps, in the order in which they were first seen. */
function lookupsOf(netns: NetnsSeries): Seen[] {
  const found = new Map<string, Seen>();
  for (const dump of dumpsOf(netns)) {
    const now = new Set<string>();
    for (const socket of ofProto(dump, 'udp')) {
      if (socket.peerPort !== DNS || socket.peer === undefined || (socket.receiveQueue ?? 0) > 0) continue;
      const key = `${socket.cookie} ${socket.inode} ${socket.localPort} ${socket.peer.plain}`;
      now.add(key);
      const known = found.get(key);
      if (known === undefined) found.set(key, { socket, fromMs: dump.atMs, toMs: dump.atMs, ended: false });
      else Object.assign(known, { socket, toMs: dump.atMs });
    }
    for (const [key, each] of found) if (!now.has(key)) each.ended = true;
  }
  return [...found.values()];
}

/** Name servers that were asked in the namespace, in dumps or between them, at which no socket stayed. */
function answering(
  netns: NetnsSeries,
  seen: readonly Seen[],
  waited: readonly Seen[],
  without: string | undefined,
): string[] {
  const silent = new Set(waited.map(({ socket }) => socket.peer?.plain));
  const asked = new Set(seen.flatMap(({ socket }) => socket.peer?.plain ?? []));
  for (const { closed = [] } of netns.samples) {
    for (const { proto, peerPort, peerAddress } of closed)
      if (proto === 'udp' && peerPort === DNS) asked.add(peerAddress);
  }
  return [...asked].filter((address) => address !== without && !silent.has(address));
}
