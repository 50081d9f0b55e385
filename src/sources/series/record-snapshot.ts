import type { AddressInterner } from '../../model/socket/interned-address.ts';
import type { SocketColumns } from '../../model/socket/socket-columns.ts';
import { SocketColumnsBuilder } from '../../model/socket/socket-columns-builder.ts';
import { AllRows, StoredSockets } from '../../model/socket/stored-sockets.ts';
import type { SocketSnapshot } from '../sample-source.ts';

/** Stores all sockets of a snapshot, with what is known of each. @param interner makes the addresses */
export function recordSnapshot(snapshot: SocketSnapshot, interner: AddressInterner): SocketColumns {
  const builder = new SocketColumnsBuilder(interner, snapshot.takenAtMs);
  snapshot.sockets.each((socket) => {
    const since = snapshot.seenSince(socket);
    builder.add(socket, {
      process: snapshot.holderOf(socket),
      container: snapshot.containerOf(socket),
      firstSeenMs: since?.firstSeenMs,
      notBeforeMs: since?.notBeforeMs,
    });
  });
  return builder.finish();
}

/** The sockets of a snapshot, to stay after its source has moved on; those of a recording are stored already. */
export function storedSockets(snapshot: SocketSnapshot, interner: AddressInterner): StoredSockets {
  const { sockets } = snapshot;
  return sockets instanceof StoredSockets ? sockets : new AllRows(recordSnapshot(snapshot, interner));
}
