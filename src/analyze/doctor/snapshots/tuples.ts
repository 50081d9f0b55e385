import type { SpaceSeries } from '../../../model/series.ts';
import type { SocketRecord } from '../../../model/socket-record.ts';
import { TCP_STATE } from '../../../model/tcp-state.ts';
import { dumpsOf } from './snapshots.ts';

/** A connection as one end sees it. */
export function tupleOf({ local, localPort, peer, peerPort }: SocketRecord): string {
  return `${local?.plain}:${localPort} ${peer?.plain}:${peerPort}`;
}

/** The same connection as the other end sees it, where nothing translates addresses between them. */
export function otherEndOf({ local, localPort, peer, peerPort }: SocketRecord): string {
  return `${peer?.plain}:${peerPort} ${local?.plain}:${localPort}`;
}

/** {@link tupleOf} of every connection that was seen established in any namespace that was watched. */
export function establishedTuples(spaces: readonly SpaceSeries[]): ReadonlySet<string> {
  const tuples = new Set<string>();
  for (const space of spaces) {
    for (const { sockets } of dumpsOf(space)) {
      for (const socket of sockets) {
        if (socket.proto === 'tcp' && socket.state === TCP_STATE.ESTABLISHED) tuples.add(tupleOf(socket));
      }
    }
  }
  return tuples;
}
