import type { AddressBook } from '../../model/socket/interned-address.ts';
import { keepSocket, type RecordContext } from '../../model/socket/record-socket.ts';
import type { Holder, SocketRecord } from '../../model/socket/socket-record.ts';
import type { SpaceLook } from '../sample-source.ts';

/** Keeps all sockets of a look, with what is known of each. */
export function keepLook(look: SpaceLook, book: AddressBook): SocketRecord[] {
  const records: SocketRecord[] = [];
  const holders = new Map<Holder, Holder>();
  look.sockets.each((socket) => {
    const since = look.seenSince(socket);
    const context: RecordContext = { firstSeenMs: since?.firstSeenMs ?? look.takenAtMs };
    if (since === undefined) context.unremembered = true;
    if (since?.notBeforeMs !== undefined) context.notBeforeMs = since.notBeforeMs;
    const process = look.holderOf(socket);
    if (process !== undefined) context.process = kept(process, holders);
    const container = look.containerOf(socket);
    if (container !== undefined) context.container = container;
    records.push(keepSocket(socket, book, context));
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
