/** The columns of a line of `/proc/net/unix`, and its path cut at the first white space. */
export interface UnixLine {
  references: number;
  protocol: number;
  flags: number;
  type: number;
  /** `socket_state` of include/uapi/linux/net.h. */
  state: number;
  inode: number;
  path: Uint8Array;
}

const NEWLINE = 0x0a;
/** `Num: RefCount Protocol Flags Type St Inode`, as the original's sscanf reads it. */
const COLUMNS =
  /^\s*[0-9a-fA-F]+: *([0-9a-fA-F]+) +([0-9a-fA-F]+) +([0-9a-fA-F]+) +([0-9a-fA-F]+) +([0-9a-fA-F]+) +(\d+)/;
/** Longest possible part of a line before the path. */
const MOST_COLUMNS = 120;

/**
 * Goes through the lines of `/proc/net/unix` as the original does: line by line. A path with a
 * newline in it makes two lines, of which the second is no row, or, where its writer wanted that,
 * another row.
 *
 * @returns how many lines were no rows: the original warns of each
 */
export function eachUnixLine(bytes: Uint8Array, visit: (line: UnixLine) => void): number {
  let bogus = 0;
  let start = bytes.indexOf(NEWLINE) + 1;
  if (start === 0) return 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    const line = parseLine(bytes, start, end);
    if (line === undefined) bogus++;
    else visit(line);
    start = end + 1;
  }
  return bogus;
}

function parseLine(bytes: Uint8Array, start: number, end: number): UnixLine | undefined {
  let text = '';
  const most = Math.min(end, start + MOST_COLUMNS);
  for (let at = start; at < most; at++) text += String.fromCharCode(bytes[at] as number);
  const match = COLUMNS.exec(text);
  if (match === null) return undefined;
  const [columns, references = '', protocol = '', flags = '', type = '', state = '', inode = ''] = match;
  return {
    references: Number.parseInt(references, 16),
    protocol: Number.parseInt(protocol, 16),
    flags: Number.parseInt(flags, 16),
    type: Number.parseInt(type, 16),
    state: Number.parseInt(state, 16),
    inode: Number(inode),
    path: pathOf(bytes, start + columns.length, end),
  };
}

/** The first run of bytes that are no white space, isspace(3). */
function pathOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  let from = start;
  while (from < end && isSpace(bytes[from] as number)) from++;
  let to = from;
  while (to < end && !isSpace(bytes[to] as number)) to++;
  return bytes.subarray(from, to);
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
