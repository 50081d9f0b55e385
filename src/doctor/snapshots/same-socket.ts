import { perObject } from '../../base/memo.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { type Dump, dumpsOf } from './snapshots.ts';

type Key = number | string;

/** Sockets by their identity. */
const indexOf = perObject(
  (sockets: readonly StoredSocket[]): ReadonlyMap<Key, StoredSocket> =>
    new Map(sockets.map((socket) => [keyOf(socket), socket])),
);

/** A socket as an earlier or later dump saw it; undefined where it was not there. */
export function sameIn({ sockets }: Pick<Dump, 'sockets'>, socket: StoredSocket): StoredSocket | undefined {
  return indexOf(sockets).get(keyOf(socket));
}

/** The cookie, which no other socket ever has; without one, everything that identifies a socket. */
function keyOf({ cookie, proto, inode, local, localPort, peer, peerPort }: StoredSocket): Key {
  return cookie || `${proto} ${inode} ${local?.text}:${localPort} ${peer?.text}:${peerPort}`;
}

/** A socket over the dumps up to the last in which it was the same in some way, the last first. */
export function backwards(
  dumps: readonly Dump[],
  socket: StoredSocket,
  holds: (earlier: StoredSocket) => boolean,
): { atMs: number; socket: StoredSocket }[] {
  const seen: { atMs: number; socket: StoredSocket }[] = [];
  for (let index = dumps.length - 1; index >= 0; index--) {
    const dump = dumps[index];
    const earlier = dump && sameIn(dump, socket);
    if (dump === undefined || earlier === undefined || !holds(earlier)) break;
    seen.push({ atMs: dump.atMs, socket: earlier });
  }
  return seen;
}

/** A connection as one end sees it. */
export function tupleOf({ local, localPort, peer, peerPort }: StoredSocket): string {
  return `${local?.plain}:${localPort} ${peer?.plain}:${peerPort}`;
}

/** The same connection as the other end sees it, where nothing translates addresses between them. */
export function otherEndOf({ local, localPort, peer, peerPort }: StoredSocket): string {
  return `${peer?.plain}:${peerPort} ${local?.plain}:${localPort}`;
}

/** {@link tupleOf} of every connection that was seen established in any namespace that was watched. */
export function establishedTuples(namespaces: readonly NetnsSeries[]): ReadonlySet<string> {
  const tuples = new Set<string>();
  for (const namespace of namespaces) {
    for (const { sockets } of dumpsOf(namespace)) {
      for (const socket of sockets) {
        if (socket.proto === 'tcp' && socket.state === TCP_STATE.ESTABLISHED) tuples.add(tupleOf(socket));
      }
    }
  }
  return tuples;
}
