/** UNIX sockets with every kind of name. Paths are in a folder of the test. */
import { SOCK } from './constants.ts';
import type { Fd, Workshop } from './workshop.ts';

/** A UNIX socket that a recipe made. */
export interface ExpectedUnix {
  what: string;
  /** {@link SOCK}.STREAM, DGRAM or SEQPACKET. */
  type: number;
  /** 1 connected, 7 unconnected, 10 listening. */
  state: number;
  /** From fstat(2). */
  inode: number;
  /** Bytes passed to bind(2); an abstract name has a leading NUL. */
  name?: Uint8Array;
  /** Inode of the connected peer; 0 for none. */
  peerInode: number;
  /** Listener: backlog. */
  backlog?: number;
}

const text = (string: string) => new TextEncoder().encode(string);
const bytes = (...parts: (string | number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...text(part)] : part)));

/** Names that have broken parsers before: each is bound by a datagram socket of its own. */
export function hostileNames(directory: string): Record<string, Uint8Array> {
  return {
    'plain path': text(`${directory}/plain.sock`),
    'path with spaces': text(`${directory}/with two spaces`),
    'path that ends in a space': text(`${directory}/trailing `),
    'path with a newline and a tab': text(`${directory}/new\nline\tand tab`),
    'path with escape codes': text(`${directory}/\x1b[31mred\x1b]0;title\x07`),
    'path that is not UTF-8': bytes(`${directory}/`, [0xff, 0xfe, 0x80]),
    'path with UTF-8': text(`${directory}/käse-チーズ`),
    'path that begins with @': text(`${directory}/@at`),
    'longest path': text(`${directory}/`.padEnd(107, 'x')),
    abstract: text('\0abstract-name'),
    'abstract with NUL inside': text('\0in\0side\0'),
    'abstract with spaces and controls': text('\0 a b\n\x1b[2Jc'),
    'abstract that is not UTF-8': bytes([0, 0xc3, 0x28, 0xff]),
  };
}

/** Binds a datagram socket to each of the names. */
export async function bindAll(workshop: Workshop, names: Record<string, Uint8Array>): Promise<ExpectedUnix[]> {
  const rows: ExpectedUnix[] = [];
  for (const [what, name] of Object.entries(names)) {
    const fd = await workshop.unix(SOCK.DGRAM, name);
    rows.push({ what, type: SOCK.DGRAM, state: 7, inode: await workshop.inode(fd), name, peerInode: 0 });
  }
  return rows;
}

/** Listeners and connections of both connected types, and a datagram socket with a peer. */
export async function connected(workshop: Workshop, directory: string): Promise<ExpectedUnix[]> {
  const rows: ExpectedUnix[] = [];
  const inode = (fd: Fd) => workshop.inode(fd);
  for (const [what, type] of [
    ['stream', SOCK.STREAM],
    ['seqpacket', SOCK.SEQPACKET],
  ] as const) {
    const name = text(`${directory}/${what}.sock`);
    const listener = await workshop.unix(type, name);
    await workshop.listen(listener, 7);
    const client = await workshop.unix(type);
    await workshop.connect(client, { unix: name });
    const server = await workshop.accept(listener);
    rows.push(
      { what: `${what} listener`, type, state: 10, inode: await inode(listener), name, peerInode: 0, backlog: 7 },
      { what: `${what} client`, type, state: 1, inode: await inode(client), peerInode: await inode(server) },
      { what: `${what} server`, type, state: 1, inode: await inode(server), name, peerInode: await inode(client) },
    );
  }
  const name = text(`${directory}/datagrams.sock`);
  const receiver = await workshop.unix(SOCK.DGRAM, name);
  const sender = await workshop.unix(SOCK.DGRAM);
  await workshop.connect(sender, { unix: name });
  // connect(2) marks both sides connected, although the receiver has no peer (unix_dgram_connect).
  rows.push(
    { what: 'receiver', type: SOCK.DGRAM, state: 1, inode: await inode(receiver), name, peerInode: 0 },
    { what: 'sender', type: SOCK.DGRAM, state: 1, inode: await inode(sender), peerInode: await inode(receiver) },
  );
  return rows;
}

/**
 * A listener with one connection in its accept queue: the server's end is an embryo, with inode 0 and
 * state 2 in `/proc/net/unix`, absent from unix_diag.
 */
export async function embryo(
  workshop: Workshop,
  directory: string,
): Promise<{ name: Uint8Array; rows: ExpectedUnix[] }> {
  const name = text(`${directory}/embryo.sock`);
  const listener = await workshop.unix(SOCK.STREAM, name);
  await workshop.listen(listener, 1);
  const client = await workshop.unix(SOCK.STREAM);
  await workshop.connect(client, { unix: name });
  const type = SOCK.STREAM;
  const listenerInode = await workshop.inode(listener);
  return {
    name,
    rows: [
      { what: 'listener of an embryo', type, state: 10, inode: listenerInode, name, peerInode: 0, backlog: 1 },
      { what: 'client not yet accepted', type, state: 1, inode: await workshop.inode(client), peerInode: 0 },
    ],
  };
}

/** Number of concurrent calls to the workshop. */
const AT_ONCE = 500;

/**
 * Very many stream sockets with abstract names of control characters, blanks, newlines and bytes that are
 * not UTF-8. @returns their names by inode
 */
export async function manyHostile(workshop: Workshop, count = 10_000): Promise<Map<number, Uint8Array>> {
  const names = new Map<number, Uint8Array>();
  const make = async (index: number) => {
    const number = [index & 255, index >> 8];
    const name = Uint8Array.of(0, 0x1b, 0x5b, ...number, 0x0a, 0xff, ...new Array<number>(index % 90).fill(0x20));
    names.set(await workshop.inode(await workshop.unix(SOCK.STREAM, name)), name);
  };
  for (let first = 0; first < count; first += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, index) => make(first + index));
    await Promise.all(batch);
  }
  return names;
}
