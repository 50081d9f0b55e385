import type { AddressInterner } from '../../model/socket/interned-address.ts';
import { type RecordContext, recordSocket } from '../../model/socket/record-socket.ts';
import type { Holder, SocketRecord } from '../../model/socket/socket-record.ts';
import type { SocketSnapshot } from '../sample-source.ts';

/** Keeps all sockets of a look, with what is known of each. */
export function recordSnapshot(snapshot: SocketSnapshot, book: AddressInterner): SocketRecord[] {
  const records: SocketRecord[] = [];
  const holders = new Map<Holder, Holder>();
  snapshot.sockets.each((socket) => {
    const since = snapshot.seenSince(socket);
    const context: RecordContext = { firstSeenMs: since?.firstSeenMs ?? snapshot.takenAtMs };
    if (since === undefined) context.unremembered = true;
    if (since?.notBeforeMs !== undefined) context.notBeforeMs = since.notBeforeMs;
    const process = snapshot.holderOf(socket);
    if (process !== undefined) context.process = kept(process, holders);
    const container = snapshot.containerOf(socket);
    if (container !== undefined) context.container = container;
    records.push(recordSocket(socket, book, context));
  });
  return records;
}

/** A holder without what else is known of it: one object for all its sockets. */
function kept(holder: Holder, holders: Map<Holder, Holder>): Holder {
  const known = holders.get(holder);
  if (known !== undefined) return known;
  const made = { pid: holder.pid, name: holder.name };
  holders.set(holder, made);
  return made;
}
