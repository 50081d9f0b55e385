import type { StoredSnapshot } from '../model/sample/recorded.ts';
import { INFO_TIMES } from '../model/socket/socket-columns.ts';
import { RECORDED_INFO, type SocketRecord } from '../model/socket/socket-record.ts';
import { differences } from './cells.ts';
import { toColumns } from './columns.ts';
import type { SnapshotChange } from './lines.ts';

/** Clocks of a socket that differ by less than this between two looks have not moved: the kernel counts in ticks. */
const SAME_MS = 60;

/** Keys of what has neither a cookie nor an inode are below this; those made of inodes are above it. */
const NAMELESS = -(2 ** 48);

/**
 * Gives each socket of a namespace a key: its cookie; where it has none (it was read from /proc), a number
 * below zero made of its inode, or where it has none either (TIME_WAIT), of a list of ends.
 */
class Keys {
  readonly #ends = new Map<string, number>();

  of(record: SocketRecord): number {
    if (record.cookie !== 0) return record.cookie;
    if (record.inode !== 0) return -record.inode;
    const { proto, local, localPort, peer, peerPort } = record;
    const ends = `${proto} ${local?.text} ${localPort} ${peer?.text} ${peerPort}`;
    const known = this.#ends.get(ends);
    if (known !== undefined) return known;
    const made = NAMELESS - this.#ends.size;
    this.#ends.set(ends, made);
    return made;
  }
}

/** Makes changes of looks: what was written before need not be written again. */
export class SocketChangesWriter {
  readonly #keys = new Keys();
  #known = new Map<number, { record: SocketRecord; atMs: number }>();

  change(look: StoredSnapshot): SnapshotChange {
    const { takenAtMs: at, source, sources, coverage, withoutStates, sockets } = look;
    const present = new Map<number, { record: SocketRecord; atMs: number }>();
    const changed: { key: number; record: SocketRecord }[] = [];
    for (const record of sockets) {
      const key = this.#keys.of(record);
      const before = this.#known.get(key);
      if (before !== undefined && isSame(before.record, before.atMs, record, at)) present.set(key, before);
      else {
        present.set(key, { record, atMs: at });
        changed.push({ key, record });
      }
    }
    const gone = [...this.#known.keys()].filter((key) => !present.has(key)).sort((a, b) => a - b);
    this.#known = present;
    changed.sort((a, b) => a.key - b.key);
    const keys = changed.map(({ key }) => key);
    return {
      at,
      source,
      ...(sources !== undefined && { sources }),
      ...((!coverage.complete || coverage.notes.length > 0) && { coverage }),
      ...(withoutStates !== 0 && { without: withoutStates }),
      ...(changed.length > 0 && {
        now: toColumns(
          changed.map(({ record }) => record),
          keys,
          at,
        ),
      }),
      ...(gone.length > 0 && { gone: differences(gone) }),
    };
  }
}

/** Of local and peer the addresses are the same objects as long as they are the same. */
const COMPARED = [
  ...(['state', 'receiveQueue', 'sendQueue', 'timer', 'retransmits', 'inode', 'uid', 'drops'] as const),
  ...(['receiveBufferBytes', 'peerInode', 'container', 'proto', 'family', 'local', 'localPort'] as const),
  ...(['peer', 'peerPort', 'path', 'interfaceIndex', 'unixType'] as const),
] as const;

function isSame(before: SocketRecord, beforeMs: number, now: SocketRecord, nowMs: number): boolean {
  for (const field of COMPARED) if (before[field] !== now[field]) return false;
  if (before.process?.pid !== now.process?.pid || before.process?.name !== now.process?.name) return false;
  const passed = nowMs - beforeMs;
  if (now.timer !== 0 && Math.abs(before.timerExpiresMs - passed - now.timerExpiresMs) > SAME_MS) return false;
  if ((before.info === undefined) !== (now.info === undefined)) return false;
  if (before.info === undefined || now.info === undefined) return true;
  for (const field of RECORDED_INFO) {
    const old = before.info[field];
    const value = now.info[field];
    if (old === value) continue;
    if (old === undefined || value === undefined || !INFO_TIMES.has(field)) return false;
    if (Math.abs(old + passed - value) > SAME_MS) return false;
  }
  return true;
}
