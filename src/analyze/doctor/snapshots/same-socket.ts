import type { SocketRecord } from '../../../model/socket-record.ts';
import type { Dump } from './snapshots.ts';

type Key = number | string;

/** Made once for each dump, however many rules look sockets up in it. */
const indexes = new WeakMap<readonly SocketRecord[], ReadonlyMap<Key, SocketRecord>>();

/** A socket as an earlier or later dump saw it; undefined where it was not there. */
export function sameIn({ sockets }: Dump, socket: SocketRecord): SocketRecord | undefined {
  let index = indexes.get(sockets);
  if (index === undefined) {
    index = new Map(sockets.map((each) => [keyOf(each), each]));
    indexes.set(sockets, index);
  }
  return index.get(keyOf(socket));
}

/** The cookie, which no other socket ever has; where the source has none, all that tells sockets apart. */
function keyOf({ cookie, proto, inode, local, localPort, peer, peerPort }: SocketRecord): Key {
  return cookie || `${proto} ${inode} ${local?.text}:${localPort} ${peer?.text}:${peerPort}`;
}

/** A socket over the dumps up to the last in which it was the same in some way, the last first. */
export function backwards(
  dumps: readonly Dump[],
  socket: SocketRecord,
  holds: (earlier: SocketRecord) => boolean,
): { atMs: number; socket: SocketRecord }[] {
  const seen: { atMs: number; socket: SocketRecord }[] = [];
  for (let index = dumps.length - 1; index >= 0; index--) {
    const dump = dumps[index];
    const earlier = dump && sameIn(dump, socket);
    if (dump === undefined || earlier === undefined || !holds(earlier)) break;
    seen.push({ atMs: dump.atMs, socket: earlier });
  }
  return seen;
}
