import type { AttributedBy } from '../netns/attribution.ts';
import type { Address } from './interned-address.ts';
import type { Family, Proto } from './socket-view.ts';
import type { TcpInfo } from './tcp-info.ts';

/** The process that holds a socket. */
export interface Holder {
  pid: number;
  /** The command name. The process chose it: escape it before a terminal sees it. */
  name: string;
}

/** The numbers of the kernel's TCP information that are stored. */
export const RECORDED_INFO = [
  'rttUs',
  'minRttUs',
  'lastSentMs',
  'lastReceivedMs',
  'lastAckReceivedMs',
  'bytesSent',
  'bytesReceived',
  'bytesRetransmitted',
  'totalRetrans',
  'segmentsOut',
  'segmentsIn',
  'dataSegmentsOut',
  'dataSegmentsIn',
  'notSentBytes',
  'unackedSegments',
  'lostSegments',
  'congestionWindowSegments',
  'sendWindowBytes',
  'receiveWindowBytes',
  'receiveWindowLimitedUs',
  'busyTimeUs',
  'dsackDuplicates',
  'reorderingSeen',
  'atoUs',
  'backoff',
  'pathMtuBytes',
] as const satisfies readonly (keyof TcpInfo)[];

/** A field of the TCP information that is stored. */
export type InfoField = (typeof RECORDED_INFO)[number];

/** Fields of the TCP information that are times since an event: stored as the moment of the event, milliseconds since the epoch. */
export const INFO_TIMES: ReadonlySet<string> = new Set(['lastSentMs', 'lastReceivedMs', 'lastAckReceivedMs']);

/** The values of a field: one for each row, or one that all rows have. Null where a row has none, undefined where no row has any. */
export type Column<T> = readonly (T | null)[] | undefined;

/** The numbers that a source may not know, as the bits of {@link SocketColumns.unknown}; `timer` with its time. */
export const UNKNOWN = {
  receiveQueue: 1,
  sendQueue: 2,
  uid: 4,
  timer: 8,
  retransmits: 16,
  interfaceIndex: 32,
} as const;

/**
 * Sockets stored field by field: a value that all of them have is stored once, and none of them is an object.
 * The fields mean what those of `SocketView` do; 0, or what is said there, where a row has none. Which numbers the
 * source did not know {@link unknown} says.
 */
export interface SocketColumns {
  /** When they were read, milliseconds since the epoch. */
  readonly atMs: number;
  /** The cookie as one number, 0 where the source has none. Never undefined and always of full length: it is the number of rows. */
  readonly cookie: readonly number[];
  readonly inode: Column<number>;
  readonly proto: Column<Proto>;
  readonly family: Column<Family>;
  /** Interned. None for a socket without an IP address. */
  readonly local: Column<Address>;
  readonly peer: Column<Address>;
  readonly state: Column<number>;
  readonly localPort: Column<number>;
  readonly peerPort: Column<number>;
  readonly receiveQueue: Column<number>;
  readonly sendQueue: Column<number>;
  readonly uid: Column<number>;
  readonly timer: Column<number>;
  /** When the timer fires, milliseconds since the epoch. */
  readonly timerAt: Column<number>;
  readonly retransmits: Column<number>;
  readonly interfaceIndex: Column<number>;
  /** A mask of {@link UNKNOWN}: these numbers are not 0, but were not known. */
  readonly unknown: Column<number>;
  /** None where the source does not report it. */
  readonly receiveBufferBytes: Column<number>;
  /** None where the source does not report it. */
  readonly receiveMemoryBytes: Column<number>;
  /** None where the source does not report it. */
  readonly drops: Column<number>;
  /** Milliseconds since the epoch: the first dump that had it. None where no earlier dump is remembered: it was first seen at {@link atMs}. */
  readonly firstSeenMs: Column<number>;
  /** The last dump before {@link firstSeenMs}, which did not have it; none without one. */
  readonly notBeforeMs: Column<number>;
  /**
   * The processes that hold it, by PID; of an entry without a descriptor those that held it last. None where none was
   * seen. Sockets with the same holders share a list.
   */
  readonly holders: Column<readonly Holder[]>;
  /** Name of its container; none outside every container. */
  readonly container: Column<string>;
  /** How the container was found; none without one, where no other shares its namespace, and in older recordings. */
  readonly attribution: Column<AttributedBy>;
  readonly socketType: Column<number>;
  readonly peerInode: Column<number>;
  /** `localWord(0)` of a socket without an IP address: a vsock CID. */
  readonly localId: Column<number>;
  /** `peerWord(0)` of a socket without an IP address: a vsock CID, a netlink group. */
  readonly peerId: Column<number>;
  /** See `SocketView.protocol`. */
  readonly protocol: Column<number>;
  /** The multicast groups of a netlink socket as a hexadecimal number; none for others. */
  readonly groups: Column<string>;
  /** Whether an IPv6 socket takes IPv6 alone, 1 or 0; none where it is not known. */
  readonly v6only: Column<number>;
  /** The name of a UNIX socket as text, `@` for the abstract namespace; none when unbound. */
  readonly path: Column<string>;
  /** Fields of the TCP information that any row has; those of {@link INFO_TIMES} as times, milliseconds since the epoch. */
  readonly info: { readonly [Field in InfoField]?: Exclude<Column<number>, undefined> };
}

/** A row's value; undefined where it has none. */
export function valueAt<T>(column: Column<T>, row: number): T | undefined {
  if (column === undefined) return undefined;
  return (column.length === 1 ? column[0] : column[row]) ?? undefined;
}

/** A row's number; 0 where it has none. */
export function numberAt(column: Column<number>, row: number): number {
  if (column === undefined) return 0;
  return (column.length === 1 ? column[0] : column[row]) ?? 0;
}

/** The shortest column of these values, one for each row: one value for all, a value each, or undefined where no row has any. */
export function packColumn<T>(values: readonly (T | null)[]): Column<T> {
  const [first] = values;
  if (first === undefined) return undefined;
  if (values.some((value) => value !== first)) return values;
  return first === null ? undefined : [first];
}

/** The same columns with only some of their rows, in this order. */
export function pickRows(columns: SocketColumns, rows: readonly number[]): SocketColumns {
  const picked: Record<string, unknown> = { ...columns, ...pickEach(columns, rows) };
  picked.info = pickEach(columns.info, rows);
  picked.cookie = rows.map((row) => columns.cookie[row] ?? 0);
  return picked as unknown as SocketColumns;
}

function pickEach(columns: object, rows: readonly number[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const [name, column] of Object.entries(columns)) {
    if (!Array.isArray(column)) continue;
    picked[name] = column.length <= 1 ? column : rows.map((row) => column[row] ?? null);
  }
  return picked;
}
