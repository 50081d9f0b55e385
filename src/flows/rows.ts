import { socketRow } from '../analyze/socket-row.ts';
import type { SocketRow } from '../model/socket-row.ts';
import type { Sockets } from './sockets.ts';

/** Every socket as an object: comfortable for some hundreds, wasteful for a hundred thousand. */
export function rowsOf(sockets: Sockets): SocketRow[] {
  const rows: SocketRow[] = [];
  sockets.sockets.each((socket) => {
    rows.push(socketRow(socket, sockets.context));
  });
  return rows;
}
