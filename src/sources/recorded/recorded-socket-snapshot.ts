import type { RecordedLook } from '../../model/sample/recorded.ts';
import { ColumnView } from '../../model/socket/column-view.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import type { KeptSockets } from '../../model/socket/stored-sockets.ts';
import type { SpaceLook } from '../sample-source.ts';

/** A kept look as one that was just taken. */
export function lookOf(look: RecordedLook<KeptSockets>): SpaceLook {
  return {
    ...look,
    holderOf: (socket) => keptView(socket)?.holder,
    containerOf: (socket) => keptView(socket)?.container,
    seenSince(socket) {
      const view = keptView(socket);
      return view?.isRemembered ? view : undefined;
    },
  };
}

function keptView(socket: SocketView): ColumnView | undefined {
  return socket instanceof ColumnView ? socket : undefined;
}
