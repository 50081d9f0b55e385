import type { ByteWriter } from '../byte-writer.ts';
import { writeEscaped } from './escaped.ts';
import { writeProgram } from './inet-rows.ts';
import type { NetstatNames } from './names.ts';
import type { NetstatOptions } from './options.ts';
import type { UnixLine } from './unix-line.ts';

const BLANK = 0x20;
const NEWLINE = 0x0a;
/** `__SO_ACCEPTCON`, `__SO_WAITDATA` and `__SO_NOSPACE`, include/linux/net.h. */
const SO = { ACCEPTING: 0x10000, WAITING: 0x20000, NO_SPACE: 0x40000 } as const;
const UNCONNECTED = 1;

const TYPES: Readonly<Record<number, string>> = { 1: 'STREAM', 2: 'DGRAM', 3: 'RAW', 4: 'RDM', 5: 'SEQPACKET' };
const STATES = ['FREE', '', 'CONNECTING', 'CONNECTED', 'DISCONNECTING'] as const;

/** Whether netstat shows a row: with `-l` listeners only, without `-a` and `-l` all others. */
export function isUnixSelected(line: UnixLine, options: NetstatOptions): boolean {
  if (options.all) return true;
  const listener = line.state === UNCONNECTED && (line.flags & SO.ACCEPTING) !== 0;
  return listener === options.listening;
}

/**
 * Writes the row of a UNIX socket.
 *
 * @param toTerminal whether control bytes of the path are written as `\x1b`: stdout is a terminal
 */
export function writeUnixRow(
  out: ByteWriter,
  line: UnixLine,
  options: NetstatOptions,
  names: NetstatNames,
  toTerminal: boolean,
): void {
  left(out, line.protocol === 0 ? 'unix' : '??', 5);
  out.byte(BLANK);
  left(out, String(line.references), 6);
  out.byte(BLANK);
  left(out, flagsText(line.flags), 11);
  out.byte(BLANK);
  left(out, TYPES[line.type] ?? 'UNKNOWN', 10);
  out.byte(BLANK);
  left(out, stateText(line), 13);
  out.byte(BLANK);
  left(out, String(line.inode), 8);
  if (options.programs) writeProgram(out, names.program(line.inode), toTerminal);
  out.byte(BLANK);
  if (toTerminal) writeEscaped(out, line.path);
  else out.raw(line.path);
  out.byte(NEWLINE);
}

function flagsText(flags: number): string {
  let text = '[ ';
  if ((flags & SO.ACCEPTING) !== 0) text += 'ACC ';
  if ((flags & SO.WAITING) !== 0) text += 'W ';
  if ((flags & SO.NO_SPACE) !== 0) text += 'N ';
  return `${text}]`;
}

function stateText(line: UnixLine): string {
  if (line.state === UNCONNECTED && (line.flags & SO.ACCEPTING) !== 0) return 'LISTENING';
  return STATES[line.state] ?? 'UNKNOWN';
}

function left(out: ByteWriter, text: string, width: number): void {
  out.ascii(text);
  out.fill(BLANK, width - text.length);
}
