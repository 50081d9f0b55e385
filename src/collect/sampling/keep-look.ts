import type { AddressBook } from '../../model/interned-address.ts';
import { keepSocket } from '../../model/keep-socket.ts';
import type { SocketRecord } from '../../model/socket-record.ts';
import type { SpaceLook } from './source.ts';

/** Keeps all sockets of a look, with what is known of each. */
export function keepLook(look: SpaceLook, book: AddressBook): SocketRecord[] {
  const records: SocketRecord[] = [];
  look.sockets.each((socket) => {
    const process = look.holderOf(socket);
    const container = look.containerOf(socket);
    const since = look.seenSince(socket);
    records.push(
      keepSocket(socket, book, {
        firstSeenMs: since?.firstSeenMs ?? look.takenAtMs,
        ...(since?.notBeforeMs !== undefined && { notBeforeMs: since.notBeforeMs }),
        ...(process !== undefined && { process: { pid: process.pid, name: process.name } }),
        ...(container !== undefined && { container }),
      }),
    );
  });
  return records;
}
