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
/** `Num: RefCount Protocol Flags Type St Inode`, as netstat's sscanf parses it. */
const COLUMNS =
  /^\s*[0-9a-fA-F]+: *([0-9a-fA-F]+) +([0-9a-fA-F]+) +([0-9a-fA-F]+) +([0-9a-fA-F]+) +([0-9a-fA-F]+) +(\d+)/;
/** Maximum length of a line before the path. */
const MAX_COLUMNS = 120;

/**
 * Visits the rows of `/proc/net/unix`, line by line as netstat does. A path that contains a newline makes two lines;
 * the second is usually no row, but a crafted path can make it look like one.
 *
 * @returns number of lines that are no rows; netstat prints a warning for each
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
  const most = Math.min(end, start + MAX_COLUMNS);
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

/** The first run of bytes that are not white space, isspace(3). */
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
