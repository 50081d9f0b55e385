import type { SpaceSeries } from '../../model/series.ts';
import type { SocketRecord } from '../../model/socket-record.ts';
import { sameIn } from './snapshots/same-socket.ts';
import { dumpsOf, riseOf } from './snapshots/snapshots.ts';

/** A UDP socket, and the datagrams that it dropped while it was looked at. */
export interface DroppedDatagrams {
  socket: SocketRecord;
  drops: number;
}

/**
 * UDP sockets whose receive buffer was too full for what came. A socket counts what has a wrong checksum
 * and what udp_mem forbids as dropped, too: where the namespace's counters tell that it was only that,
 * nothing is said. Empty when there was one dump only.
 */
export function droppedDatagrams(space: SpaceSeries): DroppedDatagrams[] {
  const dumps = dumpsOf(space);
  const [first] = dumps;
  const last = dumps.at(-1);
  if (first === undefined || last === undefined || first === last) return [];
  const full = riseOf(space, 'UdpRcvbufErrors')?.rise;
  const others = ['UdpInCsumErrors', 'UdpMemErrors'].reduce((sum, name) => sum + (riseOf(space, name)?.rise ?? 0), 0);
  return last.sockets.flatMap((socket) => {
    if (socket.proto !== 'udp' && socket.proto !== 'udplite') return [];
    const drops = (socket.drops ?? 0) - (sameIn(first, socket)?.drops ?? 0);
    // IPv6 has counters of its own: of such a socket its drops alone tell.
    if (drops <= others || (socket.family === 'inet' && full === 0)) return [];
    return [{ socket, drops }];
  });
}
