import { deviceText } from '../model/socket/make-socket-row.ts';
import { groupNumbers, otherLocal, otherPeer } from '../model/socket/other-endpoint.ts';
import { isInet, type SocketSource } from '../model/socket/socket-view.ts';
import { stateName } from '../model/socket/tcp-state.ts';
import type { ByteWriter } from './byte-writer.ts';
import { processesText, type SocketTableOptions } from './socket-table.ts';
import { Table } from './table.ts';

const TYPES: Readonly<Record<number, string>> = { 1: 'stream', 2: 'dgram', 3: 'raw', 5: 'seqpacket' };

/** Writes the packet, netlink and vsock sockets of a source as a table; nothing when there is none. */
export function renderOtherSockets(out: ByteWriter, sockets: SocketSource, options: SocketTableOptions): void {
  const table = new Table([
    { title: 'Proto', align: 'left' },
    { title: 'Recv-Q', align: 'right' },
    { title: 'Send-Q', align: 'right' },
    { title: 'Type', align: 'left', optional: true },
    { title: 'Local Address', align: 'left' },
    { title: 'Peer Address', align: 'left' },
    { title: 'State', align: 'left' },
    { title: 'Groups', align: 'left', optional: true },
    { title: 'Container', align: 'left', optional: true, flexible: true },
    { title: 'Process', align: 'left', optional: true, flexible: true },
  ]);
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
    table.text(options.processes ? processesText(options.processesOf?.(socket.inode) ?? []) : '');
  });
  if (table.rows > 0) table.render(out, options.width);
}
