import type { StoredSnapshot } from '../model/sample/recorded.ts';
import {
  type Holder,
  INFO_TIMES,
  numberAt,
  pickRows,
  RECORDED_INFO,
  type SocketColumns,
  valueAt,
} from '../model/socket/socket-columns.ts';
import type { StoredSocket } from '../model/socket/stored-socket.ts';
import { AllRows } from '../model/socket/stored-sockets.ts';
import { type Columns, differences } from './cells.ts';
import { NUMBERS, toColumns } from './columns.ts';
import type { SnapshotChange } from './lines.ts';
import { SlotTable } from './slot-table.ts';

/** Clocks of a socket that differ by less than this between two snapshots have not moved: the kernel counts in ticks. */
const SAME_MS = 60;

/** Keys of sockets without a cookie and an inode are below this; those made of inodes are above it. */
const NAMELESS = -(2 ** 48);

/**
 * Gives each socket of a namespace a key: its cookie. Without one (it was read from /proc) a number below zero, made
 * of its inode, or without one (TIME_WAIT) of a list of address pairs.
 */
class Keys {
  readonly #pairs = new Map<string, number>();

  of(socket: StoredSocket): number {
    const { cookie, inode } = socket;
    if (cookie !== 0) return cookie;
    if (inode !== 0) return -inode;
    const { proto, local, localPort, peer, peerPort } = socket;
    const pair = `${proto} ${local?.text} ${localPort} ${peer?.text} ${peerPort}`;
    const known = this.#pairs.get(pair);
    if (known !== undefined) return known;
    const made = NAMELESS - this.#pairs.size;
    this.#pairs.set(pair, made);
    return made;
  }
}

/** Turns snapshots into changes: what was written before is not written again. */
export class SocketChangesWriter {
  readonly #keys = new Keys();
  /** What was written last of each socket of the previous snapshot. */
  readonly #written = new SlotTable();

  change(snapshot: StoredSnapshot<SocketColumns>): SnapshotChange {
    const { takenAtMs: at, source, sources, coverage, withoutStates, ownersAtMs, sockets } = snapshot;
    const present = new Set<number>();
    const changed: { key: number; row: number }[] = [];
    let row = 0;
    new AllRows(sockets).each((socket) => {
      const key = this.#keys.of(socket);
      const written = this.#written.find(key);
      present.add(key);
      if (written === undefined || !isSame(written.columns, written.row, sockets, row)) changed.push({ key, row });
      row++;
    });
    const gone = [...this.#written.keys()].filter((key) => !present.has(key)).sort((a, b) => a - b);
    this.#written.remove(gone);
    return {
      at,
      source,
      ...(sources !== undefined && { sources }),
      ...((!coverage.complete || coverage.notes.length > 0) && { coverage }),
      ...(withoutStates !== 0 && { without: withoutStates }),
      ...(ownersAtMs !== undefined && { owners: Math.max(0, at - ownersAtMs) }),
      ...(changed.length > 0 && { now: this.#write(sockets, changed) }),
      ...(gone.length > 0 && { gone: differences(gone) }),
    };
  }

  #write(sockets: SocketColumns, changed: { key: number; row: number }[]): Columns {
    changed.sort((a, b) => a.key - b.key);
    const keys = changed.map(({ key }) => key);
    const picked = pickRows(
      sockets,
      changed.map(({ row }) => row),
    );
    this.#written.put(keys, picked);
    return toColumns(picked, keys);
  }
}

/** Fields that a row may lack. Addresses are interned: the same address is the same object. */
const OPTIONAL = [
  'proto',
  'family',
  'local',
  'peer',
  'drops',
  'receiveBufferBytes',
  'receiveMemoryBytes',
  'container',
  'attribution',
  'path',
  'groups',
  'v6only',
] as const;

/** Whether two lists are of the same processes; most often they are the same list. */
function haveSameHolders(before: readonly Holder[] | undefined, now: readonly Holder[] | undefined): boolean {
  if (before === now) return true;
  if (before === undefined || now === undefined || before.length !== now.length) return false;
  return before.every(({ pid, name }, at) => pid === now[at]?.pid && name === now[at]?.name);
}

/** Whether a socket is as it was, but for its clocks having gone on. */
function isSame(before: SocketColumns, beforeRow: number, now: SocketColumns, row: number): boolean {
  if (numberAt(before.inode, beforeRow) !== numberAt(now.inode, row)) return false;
  for (const field of NUMBERS) if (numberAt(before[field], beforeRow) !== numberAt(now[field], row)) return false;
  for (const field of OPTIONAL) {
    if (valueAt<unknown>(before[field], beforeRow) !== valueAt<unknown>(now[field], row)) return false;
  }
  if (!haveSameHolders(valueAt(before.holders, beforeRow), valueAt(now.holders, row))) return false;
  const firedAtMs = valueAt(before.timerAt, beforeRow);
  const firesAtMs = valueAt(now.timerAt, row);
  if (firedAtMs !== undefined && firesAtMs !== undefined && Math.abs(firedAtMs - firesAtMs) > SAME_MS) return false;
  for (const field of RECORDED_INFO) {
    const old = valueAt(before.info[field], beforeRow);
    const value = valueAt(now.info[field], row);
    if (old === value) continue;
    if (old === undefined || value === undefined || !INFO_TIMES.has(field)) return false;
    const moved = value - old;
    // The clocks of a listener stand still, at 0.
    const standsStill = moved === now.atMs - before.atMs;
    if (!standsStill && Math.abs(moved) > SAME_MS) return false;
  }
  return true;
}
