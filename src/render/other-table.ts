import { deviceText } from '../model/socket/make-socket-row.ts';
import { groupNumbers, otherLocal, otherPeer } from '../model/socket/other-endpoint.ts';
import { isInet, type SocketSource } from '../model/socket/socket-view.ts';
import { stateName } from '../model/socket/tcp-state.ts';
import type { ByteWriter } from './byte-writer.ts';
import { processesOf, type SocketTableOptions } from './socket-table.ts';
import { type Column, Table } from './table.ts';

const TYPES: Readonly<Record<number, string>> = { 1: 'stream', 2: 'dgram', 3: 'raw', 5: 'seqpacket' };

/** Addresses, state and process are never dropped. */
const COLUMNS: readonly Column[] = [
  { title: 'Proto', align: 'left', drop: 6 },
  { title: 'Recv-Q', align: 'right', drop: 4 },
  { title: 'Send-Q', align: 'right', drop: 3 },
  { title: 'Type', align: 'left', optional: true, drop: 2 },
  { title: 'Local Address', align: 'left', shorten: 'name' },
  { title: 'Peer Address', align: 'left', shorten: 'name' },
  { title: 'State', align: 'left' },
  { title: 'Groups', align: 'left', optional: true, shorten: 'list', drop: 1 },
  { title: 'Container', align: 'left', optional: true, shorten: 'name', drop: 5 },
  { title: 'Process', align: 'left', optional: true, shorten: 'process' },
];

/** Writes the packet, netlink and vsock sockets of a source as a table; nothing when there is none. */
export function renderOtherSockets(out: ByteWriter, sockets: SocketSource, options: SocketTableOptions): void {
  const table = new Table(COLUMNS);
  sockets.each((socket) => {
    if (isInet(socket.family) || socket.family === 'unix') return;
    table.text(socket.proto);
    table.uint(socket.receiveQueue);
    table.uint(socket.sendQueue);
    // A netlink socket's type means nothing: the kernel treats both alike.
    table.text(socket.proto === 'netlink' ? '' : (TYPES[socket.socketType] ?? String(socket.socketType)));
    table.text(otherLocal(socket, (index) => deviceText(index, options)));
    table.text(otherPeer(socket) ?? '*');
    table.text(stateName(socket.state));
    table.text(groupNumbers(socket).join(','));
    table.text(options.containerOf?.(socket) ?? (options.containerOf ? '-' : ''));
    table.text(processesOf(socket, options));
  });
  if (table.rows > 0) table.render(out, options.width, options.colour);
}
