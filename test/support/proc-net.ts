/** Rows of `/proc/net/{tcp,udp,…}` of a namespace, parsed without the project's own reader. */
import os from 'node:os';
import type { TestNetns } from './netns.ts';

/** One line of an internet table. */
export interface ProcRow {
  /** Bytes of the addresses: 4 or 16. */
  local: number[];
  peer: number[];
  localPort: number;
  peerPort: number;
  state: number;
  sendQueue: number;
  receiveQueue: number;
  timer: number;
  /** Milliseconds; the table counts in clock ticks of 10. */
  timerExpiresMs: number;
  retransmits: number;
  uid: number;
  inode: number;
}

/** @param table `tcp`, `tcp6`, `udp`, `udp6`, `raw`, `raw6` */
export function procRows(netns: TestNetns, table: string): ProcRow[] {
  return parseProcRows(netns.run('cat', `/proc/net/${table}`));
}

/** The rows of an internet table's text, whose first line is the heading. */
export function parseProcRows(text: string): ProcRow[] {
  const [, ...lines] = text.trimEnd().split('\n');
  return lines.map((line) => {
    const [, local = '', peer = '', state = '', queues = '', timer = '', retransmits = '', uid, , inode] = line
      .trim()
      .split(/\s+/);
    const [localHex = '', localPort = ''] = local.split(':');
    const [peerHex = '', peerPort = ''] = peer.split(':');
    const [sendQueue = '', receiveQueue = ''] = queues.split(':');
    const [kind = '', when = ''] = timer.split(':');
    const number = (hex: string) => Number.parseInt(hex, 16);
    return {
      local: bytes(localHex),
      peer: bytes(peerHex),
      localPort: number(localPort),
      peerPort: number(peerPort),
      state: number(state),
      sendQueue: number(sendQueue),
      receiveQueue: number(receiveQueue),
      timer: number(kind),
      timerExpiresMs: number(when) * 10,
      retransmits: number(retransmits),
      uid: Number(uid),
      inode: Number(inode),
    };
  });
}

/** Words of 32 bits, printed in the machine's own byte order. */
function bytes(hex: string): number[] {
  const words = hex.match(/.{8}/g) ?? [];
  return words.flatMap((word) => {
    const inOrder = [...Buffer.from(word, 'hex')];
    return os.endianness() === 'LE' ? inOrder.reverse() : inOrder;
  });
}

/** One line of `/proc/net/unix`. */
export interface ProcUnixRow {
  type: number;
  /** 1 unconnected, 2 connecting, 3 connected. */
  state: number;
  listening: boolean;
  inode: number;
  /** As printed: NUL became `@`. A path's bytes as latin1. */
  path: string;
}

/** Reads the table as bytes: a path may hold anything, newlines too. */
export function procUnixRows(netns: TestNetns): ProcUnixRow[] {
  const text = netns.run('sh', '-c', 'od -An -v -tx1 /proc/net/unix').replace(/\s+/g, '');
  const table = Buffer.from(text, 'hex').toString('latin1');
  const head = /^[0-9a-f]{8,16}: [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{8}) ([0-9A-F]{4}) ([0-9A-F]{2}) +(\d+)/gm;
  const found = [...table.matchAll(head)];
  return found.map((match, index) => {
    const end = found[index + 1]?.index ?? table.length;
    const rest = table.slice(match.index + match[0].length, end - 1);
    return {
      listening: (Number.parseInt(match[1] ?? '', 16) & 0x10000) !== 0,
      type: Number.parseInt(match[2] ?? '', 16),
      state: Number.parseInt(match[3] ?? '', 16),
      inode: Number(match[4]),
      path: rest.startsWith(' ') ? rest.slice(1) : rest,
    };
  });
}
