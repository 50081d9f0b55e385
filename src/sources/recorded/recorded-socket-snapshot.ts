import type { StoredSnapshot } from '../../model/sample/recorded.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { StoredSocket } from '../../model/socket/stored-socket.ts';
import type { StoredSockets } from '../../model/socket/stored-sockets.ts';
import type { SocketSnapshot } from '../sample-source.ts';

/** A stored snapshot with the interface of a live one. */
export function socketSnapshotOf(snapshot: StoredSnapshot<StoredSockets>): SocketSnapshot {
  return {
    ...snapshot,
    holdersOf: (socket) => storedSocket(socket)?.holders ?? [],
    containerOf: (socket) => storedSocket(socket)?.container,
    attributionOf: (socket) => storedSocket(socket)?.attribution,
    seenSince(socket) {
      const view = storedSocket(socket);
      return view?.isRemembered ? view : undefined;
    },
  };
}

function storedSocket(socket: SocketView): StoredSocket | undefined {
  return socket instanceof StoredSocket ? socket : undefined;
}
