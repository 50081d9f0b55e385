import type { ProcSocketView } from '../../model/socket/proc-socket-view.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { stateName, TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { writeEndpoint } from './endpoint.ts';
import { writeEscaped } from './escaped.ts';
import type { NetstatNames } from './names.ts';
import type { NetstatOptions } from './options.ts';

const BLANK = 0x20;
const NEWLINE = 0x0a;
const STATE_WIDTH = 11;
const PROGRAM_WIDTH = 20;
const USER_WIDTH = 10;

/** Kinds of internet rows: they differ in the protocol column, the state, and which sockets are shown. */
export type InetKind = 'tcp' | 'udp' | 'udplite' | 'raw';

/** Whether netstat shows a row: TCP by its peer's port, the others by its peer's address. */
export function isSelected(socket: SocketView, kind: InetKind, options: NetstatOptions): boolean {
  if (options.all) return true;
  const connected =
    kind === 'tcp'
      ? socket.peerPort !== 0
      : (socket.peerWord(0) |
          (socket.family === 'inet6' ? socket.peerWord(1) | socket.peerWord(2) | socket.peerWord(3) : 0)) !==
        0;
  return connected !== options.listening;
}

/**
 * Writes the row of a TCP, UDP, UDP-Lite or RAW socket.
 *
 * @param toTerminal whether control bytes are written as `\x1b`
 */
export function writeInetRow(
  out: ByteWriter,
  socket: SocketView,
  kind: InetKind,
  options: NetstatOptions,
  names: NetstatNames,
  toTerminal: boolean,
): void {
  const proto = `${kind === 'udplite' ? 'udpl' : kind}${socket.family === 'inet6' ? '6' : ''}`;
  // TCP and RAW: left to 4 and two blanks; UDP: left to 5 and one.
  left(out, proto, kind === 'tcp' || kind === 'raw' ? 4 : 5);
  out.fill(BLANK, kind === 'tcp' || kind === 'raw' ? 2 : 1);
  right(out, socket.receiveQueue ?? 0, 6);
  out.byte(BLANK);
  // For a listener, sock_diag reports the backlog here; /proc and netstat show 0.
  const sendQueue = kind === 'tcp' && socket.state === TCP_STATE.LISTEN ? 0 : (socket.sendQueue ?? 0);
  right(out, sendQueue, 6);
  out.byte(BLANK);
  const service = kind === 'udplite' ? 'udp' : kind;
  writeEndpoint(out, socket, 'local', service, options, names);
  out.byte(BLANK);
  writeEndpoint(out, socket, 'peer', service, options, names);
  out.byte(BLANK);
  left(out, stateText(socket, kind), STATE_WIDTH);
  if (options.extended) writeUser(out, socket, options, names);
  if (options.programs) writeProgram(out, names.program(socket.inode), toTerminal);
  if (options.timers) {
    out.byte(BLANK);
    out.ascii(timerText(socket as ProcSocketView, kind));
  }
  out.byte(NEWLINE);
}

/** Writes the column of `-p`: a blank and the program, or `-`. */
export function writeProgram(out: ByteWriter, program: Uint8Array | undefined, toTerminal: boolean): void {
  out.byte(BLANK);
  const start = out.length;
  if (program === undefined) out.byte(0x2d);
  else if (toTerminal) writeEscaped(out, program);
  else out.raw(program);
  out.fill(BLANK, PROGRAM_WIDTH - (out.length - start));
}

function writeUser(out: ByteWriter, socket: SocketView, options: NetstatOptions, names: NetstatNames): void {
  out.byte(BLANK);
  const start = out.length;
  const { uid = 0 } = socket;
  const user = options.numericUsers ? undefined : names.user(uid);
  // netstat prints the uid as a signed number.
  out.text(user ?? String(uid | 0));
  out.fill(BLANK, USER_WIDTH - (out.length - start));
  out.byte(BLANK);
  const inode = out.length;
  out.uint(socket.inode);
  out.fill(BLANK, USER_WIDTH - (out.length - inode));
}

function stateText(socket: SocketView, kind: InetKind): string {
  switch (kind) {
    case 'tcp':
      // netstat has no name for other states.
      return socket.state >= TCP_STATE.ESTABLISHED && socket.state <= TCP_STATE.CLOSING ? stateName(socket.state) : '';
    case 'raw':
      return String(socket.state);
    default:
      if (socket.state === TCP_STATE.ESTABLISHED) return 'ESTABLISHED';
      return socket.state === TCP_STATE.CLOSE ? '' : 'UNKNOWN';
  }
}

function left(out: ByteWriter, text: string, width: number): void {
  out.ascii(text);
  out.fill(BLANK, width - text.length);
}

function right(out: ByteWriter, value: number, width: number): void {
  let limit = 10;
  let digits = 1;
  for (; value >= limit; limit *= 10) digits++;
  out.fill(BLANK, width - digits);
  out.uint(value);
}

const TCP_TIMERS = ['off', 'on', 'keepalive', 'timewait', 'probe'] as const;
const OTHER_TIMERS = ['off', 'on1', 'on2'] as const;
/** Clock ticks per second: USER_HZ. */
const TICKS = 100;

/** The text of `-o`: `keepalive (7191.06/0/0)`, seconds, retransmissions, probes. */
function timerText(socket: ProcSocketView, kind: 'tcp' | 'udp' | 'udplite' | 'raw'): string {
  const { timer, timerTicks, timeout } = socket;
  // netstat prints retransmissions for TCP only.
  const retransmits = kind === 'tcp' ? socket.procRetransmits : 0;
  const name = (kind === 'tcp' ? TCP_TIMERS : OTHER_TIMERS)[timer] ?? `unkn-${timer}`;
  const seconds = timer === 0 ? '0.00' : (timerTicks / TICKS).toFixed(2);
  return `${name} (${seconds}/${retransmits}/${timeout})`;
}
