import type { SocketRecord } from '../../model/socket-record.ts';
import type { TcpInfo } from '../../model/tcp-info.ts';
import { sameIn } from './snapshots/same-socket.ts';
import type { Dump } from './snapshots/snapshots.ts';

/** What a connection sent while it was looked at, and how much of it again. */
export interface Retransmitted {
  socket: SocketRecord;
  bytesSent: number;
  bytesAgain: number;
  /** Segments with data. */
  segments: number;
  segmentsAgain: number;
  /** Retransmissions that the peer had not needed (duplicate SACKs), and packets that came in another order. */
  needless: number;
  reordered: number;
  /** Bytes sent again of the bytes sent, or segments where the kernel does not count bytes. */
  share: number;
}

/**
 * What the connections of the last dump sent since the first; one that was made meanwhile since its beginning.
 * Empty when there was one dump only: what a connection did in its whole life is no rate.
 */
export function retransmittedIn(dumps: readonly Dump[]): Retransmitted[] {
  const [first] = dumps;
  const last = dumps.at(-1);
  if (first === undefined || last === undefined || first === last) return [];
  return last.sockets.flatMap((socket) => {
    if ((socket.info?.totalRetrans ?? 0) === 0 || socket.info === undefined) return [];
    return [difference(socket, socket.info, before(first, socket))];
  });
}

function before(first: Dump, socket: SocketRecord): TcpInfo {
  return sameIn(first, socket)?.info ?? {};
}

function difference(socket: SocketRecord, now: TcpInfo, then: TcpInfo): Retransmitted {
  const rise = (field: keyof TcpInfo) => Math.max(0, Number(now[field] ?? 0) - Number(then[field] ?? 0));
  const bytesSent = rise('bytesSent');
  const bytesAgain = rise('bytesRetransmitted');
  const segments = rise('dataSegmentsOut');
  const segmentsAgain = rise('totalRetrans');
  const byBytes = now.bytesRetransmitted !== undefined && bytesSent > 0;
  const share = byBytes ? bytesAgain / bytesSent : segments > 0 ? segmentsAgain / segments : 0;
  return {
    ...{ socket, bytesSent, bytesAgain, segments, segmentsAgain, share },
    ...{ needless: rise('dsackDuplicates'), reordered: rise('reorderingSeen') },
  };
}
