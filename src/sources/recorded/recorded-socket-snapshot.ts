import type { StoredSnapshot } from '../../model/sample/recorded.ts';
import { ColumnView } from '../../model/socket/column-view.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import type { StoredSockets } from '../../model/socket/stored-sockets.ts';
import type { SocketSnapshot } from '../sample-source.ts';

/** A kept look as one that was just taken. */
export function socketSnapshotOf(snapshot: StoredSnapshot<StoredSockets>): SocketSnapshot {
  return {
    ...snapshot,
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
