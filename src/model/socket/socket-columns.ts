import type { Address } from './interned-address.ts';
import type { RECORDED_INFO } from './socket-record.ts';
import type { Family, Proto } from './socket-view.ts';

/** The values of a field, a row's each, or one that all rows have; null where a row has none, undefined where no row has any. */
export type Column<T> = readonly (T | null)[] | undefined;

/**
 * Sockets that are kept field by field: what all of them have alike is there once, and none of them is an object.
 * The fields mean what those of `SocketRecord` do; 0, or what is said there, where a row has none.
 */
export interface SocketColumns {
  /** When they were read, milliseconds since the epoch. */
  readonly atMs: number;
  /** Never undefined: so many rows there are. 0 where the source has none. */
  readonly cookie: readonly number[];
  readonly inode: Column<number>;
  readonly proto: Column<Proto>;
  readonly family: Column<Family>;
  /** As text; not of a UNIX socket. */
  readonly local: Column<string>;
  readonly peer: Column<string>;
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
  readonly receiveBufferBytes: Column<number>;
  readonly drops: Column<number>;
  /** {@link atMs} where a row has none. */
  readonly firstSeenMs: Column<number>;
  readonly notBeforeMs: Column<number>;
  readonly pid: Column<number>;
  readonly process: Column<string>;
  readonly container: Column<string>;
  readonly unixType: Column<number>;
  readonly peerInode: Column<number>;
  readonly path: Column<string>;
  /** Fields of the TCP information that any row has; those of {@link INFO_TIMES} as times, milliseconds since the epoch. */
  readonly info: { readonly [Field in InfoField]?: Exclude<Column<number>, undefined> };
  /** Makes an address of its text, the same of the same. */
  readonly addressOf: (text: string) => Address;
}

/** A field of the TCP information that is kept. */
export type InfoField = (typeof RECORDED_INFO)[number];

/** Fields of the TCP information that are times until now: they are kept as the moments that they count from. */
export const INFO_TIMES: ReadonlySet<string> = new Set(['lastSentMs', 'lastReceivedMs', 'lastAckReceivedMs']);

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

/** The same columns with some of their rows alone, in this order. */
export function pickRows(columns: SocketColumns, rows: readonly number[]): SocketColumns {
  const picked: Record<string, unknown> = { ...columns, info: pickedOf(columns.info, rows) };
  return Object.assign(picked, pickedOf(columns, rows)) as unknown as SocketColumns;
}

/** The lists among some values, with some of their rows; one value that stands for all still does. */
function pickedOf(values: object, rows: readonly number[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const [name, column] of Object.entries(values)) {
    if (!Array.isArray(column)) continue;
    picked[name] = column.length <= 1 ? column : rows.map((row) => column[row] ?? null);
  }
  return picked;
}
