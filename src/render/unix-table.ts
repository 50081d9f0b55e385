import type { SocketSource } from '../model/socket/socket-view.ts';
import { stateName } from '../model/socket/tcp-state.ts';
import { unixPath } from '../model/socket/unix-path.ts';
import type { ByteWriter } from './byte-writer.ts';
import { processesText } from './process-text.ts';
import type { SocketTableOptions } from './socket-table.ts';
import { Table } from './table.ts';

const TYPES: Record<number, string> = { 1: 'stream', 2: 'dgram', 5: 'seqpacket' };

/** Writes the UNIX sockets of a source as a table; nothing at all when there is none. */
export function renderUnixSockets(out: ByteWriter, sockets: SocketSource, options: SocketTableOptions): void {
  const table = new Table([
    { title: 'Proto', align: 'left' },
    { title: 'Recv-Q', align: 'right' },
    { title: 'Send-Q', align: 'right' },
    { title: 'Type', align: 'left' },
    { title: 'State', align: 'left' },
    { title: 'Inode', align: 'right' },
    { title: 'Peer Inode', align: 'right', optional: true },
    { title: 'Container', align: 'left', optional: true, flexible: true },
    { title: 'Process', align: 'left', optional: true, flexible: true },
    { title: 'Path', align: 'left', optional: true },
  ]);
  sockets.each((socket) => {
    if (socket.proto !== 'unix') return;
    table.text('unix');
    table.uint(socket.receiveQueue);
    table.uint(socket.sendQueue);
    table.text(TYPES[socket.unixType] ?? String(socket.unixType));
    table.text(stateName(socket.state));
    table.uint(socket.inode);
    table.text(socket.peerInode === 0 ? '' : String(socket.peerInode));
    table.text(options.containerOf?.(socket) ?? (options.containerOf ? '-' : ''));
    table.text(options.processes ? processesText(options.processesOf?.(socket.inode) ?? []) : '');
    table.text(unixPath(socket) ?? '');
  });
  if (table.rows > 0) table.render(out, options.width);
}
