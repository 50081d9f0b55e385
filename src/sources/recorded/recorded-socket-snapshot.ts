import type { StoredSnapshot } from '../../model/sample/recorded.ts';
import { ColumnView } from '../../model/socket/column-view.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import type { StoredSockets } from '../../model/socket/stored-sockets.ts';
import type { SocketSnapshot } from '../sample-source.ts';

/** A stored snapshot with the interface of a live one. */
export function socketSnapshotOf(snapshot: StoredSnapshot<StoredSockets>): SocketSnapshot {
  return {
    ...snapshot,
    holderOf: (socket) => columnView(socket)?.holder,
    containerOf: (socket) => columnView(socket)?.container,
    seenSince(socket) {
      const view = columnView(socket);
      return view?.isRemembered ? view : undefined;
    },
  };
}

function columnView(socket: SocketView): ColumnView | undefined {
  return socket instanceof ColumnView ? socket : undefined;
}
