import { wrapWords } from '../base/word-wrap.ts';
import { EMBEDDED_DNS_ADDRESS } from '../model/container/embedded-dns.ts';
import { localAddress, mayNameService, peerAddress, plainAddress } from '../model/socket/endpoint.ts';
import type { RowContext } from '../model/socket/make-socket-row.ts';
import { deviceText, socketTimer } from '../model/socket/make-socket-row.ts';
import type { Holder } from '../model/socket/socket-columns.ts';
import { hasPorts, isInet, type SocketSource, type SocketView } from '../model/socket/socket-view.ts';
import { stateName, TCP_STATE } from '../model/socket/tcp-state.ts';
import { unixPath } from '../model/socket/unix-path.ts';
import { acceptQueueStyle } from './attention.ts';
import type { ByteWriter } from './byte-writer.ts';
import { type Column, Table } from './table.ts';
import { tcpInfoLine } from './tcp-info-line.ts';
import type { Style } from './terminal/screen.ts';

/** Options of a table of sockets. */
export interface SocketTableOptions extends RowContext {
  /** Whether to show the owner processes. */
  processes: boolean;
  /** Terminal columns to fit into; undefined for no limit. */
  width?: number | undefined;
  /** Whether styles are used. */
  colour?: boolean | undefined;
  /** Whether many connections in TIME_WAIT are counted in one line instead of listed. */
  sumsUpTimeWait?: boolean | undefined;
}

/** Connections in TIME_WAIT that are always listed. */
const LISTED_TIME_WAIT = 200;

/** Addresses, state and process are never dropped. */
const INET_COLUMNS: readonly Column[] = [
  { title: 'Proto', align: 'left', drop: 5 },
  { title: 'Recv-Q', align: 'right', drop: 4 },
  { title: 'Send-Q', align: 'right', drop: 3 },
  { title: 'Local Address', align: 'left', shorten: 'endpoint' },
  { title: 'Peer Address', align: 'left', shorten: 'endpoint' },
  { title: 'State', align: 'left' },
  { title: 'Peer', align: 'left', optional: true, shorten: 'name', drop: 2 },
  { title: 'Service', align: 'left', optional: true, drop: 1 },
  { title: 'Container', align: 'left', optional: true, shorten: 'name', drop: 6 },
  { title: 'Process', align: 'left', optional: true, shorten: 'process' },
];

/** State, process and path are never dropped. */
const UNIX_COLUMNS: readonly Column[] = [
  { title: 'Proto', align: 'left', drop: 1 },
  { title: 'Recv-Q', align: 'right', drop: 5 },
  { title: 'Send-Q', align: 'right', drop: 4 },
  { title: 'Type', align: 'left', drop: 3 },
  { title: 'State', align: 'left' },
  { title: 'Inode', align: 'right', drop: 7 },
  { title: 'Peer Inode', align: 'right', optional: true, drop: 2 },
  { title: 'Container', align: 'left', optional: true, shorten: 'name', drop: 6 },
  { title: 'Process', align: 'left', optional: true, shorten: 'process' },
  { title: 'Path', align: 'left', optional: true, shorten: 'name', least: 20 },
];

/** Writes the internet sockets of a source as a table; nothing when there is none. */
export function renderInetSockets(out: ByteWriter, sockets: SocketSource, options: SocketTableOptions): void {
  const table = new Table(INET_COLUMNS);
  const timeWait = options.sumsUpTimeWait ? countTimeWait(sockets) : 0;
  const leavesOut = timeWait > LISTED_TIME_WAIT;
  sockets.each((socket) => {
    if (!isInet(socket.family) || (leavesOut && socket.state === TCP_STATE.TIME_WAIT)) return;
    addRow(table, socket, options);
  });
  if (table.rows > 0) table.render(out, options.width, options.colour);
  if (!leavesOut) return;
  const text = `${timeWait} connections in TIME_WAIT are not listed; -a and the filter 'state time-wait' list them`;
  out.ascii(`${wrapWords(text, options.width).join('\n')}\n`);
}

function countTimeWait(sockets: SocketSource): number {
  let count = 0;
  sockets.each(({ proto, state }) => {
    if (proto !== 'unix' && state === TCP_STATE.TIME_WAIT) count++;
  });
  return count;
}

function addRow(table: Table, socket: SocketView, options: SocketTableOptions): void {
  table.cell.ascii(socket.proto);
  if (socket.family === 'inet6') table.cell.byte(0x36);
  table.endCell();
  table.uint(socket.receiveQueue);
  table.style(queueStyle(socket));
  table.uint(socket.sendQueue);
  writeEndpoint(table.cell, socket, 'local', options);
  table.endCell();
  writeEndpoint(table.cell, socket, 'peer', options);
  table.endCell();
  table.cell.ascii(stateName(socket.state));
  table.endCell();
  if (socket.state === TCP_STATE.CLOSE_WAIT) table.style('warning');
  const { names } = options;
  table.text(peerName(socket, options) ?? '');
  table.text((names && serviceOf(socket, options)) ?? '');
  table.text(options.containerOf?.(socket) ?? (options.containerOf ? '-' : ''));
  table.text(processesOf(socket, options));
  // The tcp_info of a listener contains only its backlog, which the queues show.
  const info = socket.state === TCP_STATE.LISTEN ? undefined : socket.tcpInfo();
  if (info !== undefined) table.detail(tcpInfoLine(info, socketTimer(socket)));
}

/**
 * `address:port` as ss prints it: the address of an IPv6 socket in brackets, `*` for no port and for every address of
 * both families, the interface that it is bound to behind the local address.
 */
function writeEndpoint(out: ByteWriter, socket: SocketView, side: 'local' | 'peer', options: RowContext): void {
  const local = side === 'local';
  const port = local ? socket.localPort : socket.peerPort;
  const word = (index: 0 | 1 | 2 | 3) => (local ? socket.localWord(index) : socket.peerWord(index));
  if (socket.family === 'inet6') {
    const isAny = word(0) === 0 && word(1) === 0 && word(2) === 0 && word(3) === 0;
    if (isAny && socket.v6only() === false) out.byte(0x2a);
    else {
      out.byte(0x5b);
      out.ipv6(word(0), word(1), word(2), word(3));
      out.byte(0x5d);
    }
  } else out.ipv4(word(0));
  const device = local ? (socket.interfaceIndex ?? 0) : 0;
  if (device !== 0) {
    out.byte(0x25);
    // The kernel takes any bytes but blanks and slashes in a name; a cell of addresses is printable ASCII.
    out.ascii(deviceText(device, options).replace(/[^!-~]/g, '?'));
  }
  out.byte(0x3a);
  if (port === 0) out.byte(0x2a);
  else out.uint(port);
}

/** Of a listener, the queues are its accept queue and the backlog, inet_diag(7) and unix_diag. */
function queueStyle({ state, receiveQueue, sendQueue }: SocketView): Style | undefined {
  return state === TCP_STATE.LISTEN ? acceptQueueStyle(receiveQueue, sendQueue) : undefined;
}

function peerName(socket: SocketView, { names }: RowContext): string | undefined {
  if (names === undefined || socket.peerPort === 0) return undefined;
  return names.host(plainAddress(peerAddress(socket)));
}

/**
 * The service of a row: that of the peer's port, else that of the local port. The Engine's own DNS server in the
 * namespace of a container has a port of no service, and is called by the name of its address.
 */
function serviceOf(socket: SocketView, { names }: RowContext): string | undefined {
  if (!hasPorts(socket.proto)) return undefined;
  if (socket.peerPort === 0 && localAddress(socket) === EMBEDDED_DNS_ADDRESS) return names?.host(EMBEDDED_DNS_ADDRESS);
  for (const port of [socket.peerPort, socket.localPort]) {
    const service = mayNameService(port) ? names?.service(port, socket.proto) : undefined;
    if (service !== undefined) return service;
  }
  return undefined;
}

/** The cell of a socket's processes. Must be made safe for a terminal. */
export function processesOf({ inode }: SocketView, options: SocketTableOptions): string {
  const processes = options.processes ? options.processesOf?.(inode) : undefined;
  return processes === undefined ? '' : processesText(processes);
}

/** Maximum number of processes listed for one socket; a pre-fork server can have hundreds. */
const MAX_NAMED = 3;

/** By the list, which sockets with the same holders share. */
const processesTexts = new WeakMap<readonly Holder[], string>();

/** `PID/name`, several with commas; empty for none. Must be made safe for a terminal. */
function processesText(processes: readonly Holder[]): string {
  const known = processesTexts.get(processes);
  if (known !== undefined) return known;
  const named = processes.slice(0, MAX_NAMED).map(({ pid, name }) => `${pid}/${name}`);
  if (processes.length > MAX_NAMED) named.push(`+${processes.length - MAX_NAMED}`);
  const text = named.join(',');
  processesTexts.set(processes, text);
  return text;
}

const TYPES: Record<number, string> = { 1: 'stream', 2: 'dgram', 5: 'seqpacket' };

/** Writes the UNIX sockets of a source as a table; nothing when there is none. */
export function renderUnixSockets(out: ByteWriter, sockets: SocketSource, options: SocketTableOptions): void {
  const table = new Table(UNIX_COLUMNS);
  sockets.each((socket) => {
    if (socket.proto !== 'unix') return;
    table.text('unix');
    table.uint(socket.receiveQueue);
    table.style(queueStyle(socket));
    table.uint(socket.sendQueue);
    table.text(TYPES[socket.socketType] ?? String(socket.socketType));
    table.text(stateName(socket.state));
    table.uint(socket.inode);
    table.text(socket.peerInode === 0 ? '' : String(socket.peerInode));
    table.text(options.containerOf?.(socket) ?? (options.containerOf ? '-' : ''));
    table.text(processesOf(socket, options));
    table.text(unixPath(socket) ?? '');
  });
  if (table.rows > 0) table.render(out, options.width, options.colour);
}
