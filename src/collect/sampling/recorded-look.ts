import { RecordedSockets, RecordView } from '../../model/record-view.ts';
import type { RecordedLook } from '../../model/recorded.ts';
import type { SocketView } from '../../model/socket-view.ts';
import type { SpaceLook } from './source.ts';

/** A kept look as one that was just taken. */
export function lookOf({ sockets, ...look }: RecordedLook): SpaceLook {
  const recordOf = (socket: SocketView) => (socket instanceof RecordView ? socket.record : undefined);
  return {
    ...look,
    sockets: new RecordedSockets(sockets),
    holderOf: (socket) => recordOf(socket)?.process,
    containerOf: (socket) => recordOf(socket)?.container,
    seenSince: (socket) => recordOf(socket),
  };
}
