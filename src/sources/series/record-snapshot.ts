import type { SocketColumns } from '../../model/socket/socket-columns.ts';
import type { SocketColumnsBuilder } from '../../model/socket/socket-columns-builder.ts';
import { AllRows, StoredSockets } from '../../model/socket/stored-sockets.ts';
import type { SocketSnapshot } from '../sample-source.ts';

/** Stores all sockets of a snapshot, with what is known of each. */
export function recordSnapshot(snapshot: SocketSnapshot, builder: SocketColumnsBuilder): SocketColumns {
  builder.begin(snapshot.takenAtMs);
  snapshot.sockets.each((socket) => {
    const since = snapshot.seenSince(socket);
    builder.add(socket, {
      holders: snapshot.holdersOf(socket),
      container: snapshot.containerOf(socket),
      attribution: snapshot.attributionOf(socket),
      firstSeenMs: since?.firstSeenMs,
      notBeforeMs: since?.notBeforeMs,
    });
  });
  return builder.finish();
}

/** The sockets of a snapshot, to stay after its source has moved on; those of a recording are stored already. */
export function storedSockets(snapshot: SocketSnapshot, builder: SocketColumnsBuilder): StoredSockets {
  const { sockets } = snapshot;
  return sockets instanceof StoredSockets ? sockets : new AllRows(recordSnapshot(snapshot, builder));
}
