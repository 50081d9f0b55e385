import { parseIpv4, parseIpv6 } from '../model/address.ts';
import type { AddressBook } from '../model/interned-address.ts';
import type { RecordedLook } from '../model/recorded.ts';
import { RECORDED_INFO, type SocketRecord } from '../model/socket-record.ts';
import { differences, fromColumns, sums, toColumns } from './columns.ts';
import type { LookChange } from './lines.ts';

/** Clocks of a socket that differ by less than this between two looks have not moved: the kernel counts in ticks. */
const SAME_MS = 60;

/**
 * A socket's key among those of a namespace: its cookie; where it has none (it was read from /proc), a
 * number below zero made of its inode or its ends.
 */
export function keyOf(record: SocketRecord): number {
  if (record.cookie !== 0) return record.cookie;
  if (record.inode !== 0) return -record.inode;
  const ends = `${record.proto}${record.local?.text}:${record.localPort}${record.peer?.text}:${record.peerPort}`;
  let hash = 7;
  for (let at = 0; at < ends.length; at++) hash = (Math.imul(hash, 31) + ends.charCodeAt(at)) >>> 0;
  return -(2 ** 40 + hash);
}

/** Makes changes of looks: what was written before need not be written again. */
export class SocketChangesWriter {
  #known = new Map<number, { record: SocketRecord; atMs: number }>();

  change(look: RecordedLook): LookChange {
    const { takenAtMs: at, source, coverage, withoutStates, sockets } = look;
    const present = new Map<number, { record: SocketRecord; atMs: number }>();
    const changed: { key: number; record: SocketRecord }[] = [];
    for (const record of sockets) {
      const key = keyOf(record);
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
      ...{ at, source },
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

/** Puts looks together again from their changes. */
export class SocketChangesReader {
  readonly #book: AddressBook;
  readonly #known = new Map<number, { record: SocketRecord; atMs: number }>();

  constructor(book: AddressBook) {
    this.#book = book;
  }

  look({ at, source, coverage, without, now, gone }: LookChange): RecordedLook {
    for (const key of sums(gone ?? [])) this.#known.delete(key);
    if (now !== undefined) {
      for (const { key, record } of fromColumns(now, at, (text) => addressOf(this.#book, text)))
        this.#known.set(key, { record, atMs: at });
    }
    return {
      ...{ takenAtMs: at, source, coverage: coverage ?? { complete: true, notes: [] }, withoutStates: without ?? 0 },
      sockets: [...this.#known.values()].map(({ record, atMs }) => later(record, at - atMs)),
    };
  }
}

/** An address from its text. */
export function addressOf(book: AddressBook, text: string) {
  if (!text.includes(':')) return book.inet(parseIpv4(text) ?? 0);
  return book.inet6(...(parseIpv6(text) ?? ([0, 0, 0, 0] as const)));
}

/** A record as it is some time after it was written: its clocks have gone on. */
function later(record: SocketRecord, ms: number): SocketRecord {
  if (ms === 0 || (record.timer === 0 && record.info === undefined)) return record;
  const moved = { ...record, timerExpiresMs: Math.max(0, record.timerExpiresMs - ms) };
  const { info } = record;
  if (info !== undefined) {
    moved.info = { ...info };
    for (const field of ['lastSentMs', 'lastReceivedMs', 'lastAckReceivedMs'] as const) {
      const age = info[field];
      if (age !== undefined) moved.info[field] = age + ms;
    }
  }
  return moved;
}

const COMPARED = [
  ...(['state', 'receiveQueue', 'sendQueue', 'timer', 'retransmits', 'inode', 'uid', 'drops'] as const),
  ...(['receiveBufferBytes', 'peerInode', 'container'] as const),
] as const;

const CLOCKS: ReadonlySet<string> = new Set(['lastSentMs', 'lastReceivedMs', 'lastAckReceivedMs']);

function isSame(before: SocketRecord, beforeMs: number, now: SocketRecord, nowMs: number): boolean {
  for (const field of COMPARED) if (before[field] !== now[field]) return false;
  if (before.process?.pid !== now.process?.pid) return false;
  const passed = nowMs - beforeMs;
  if (now.timer !== 0 && Math.abs(before.timerExpiresMs - passed - now.timerExpiresMs) > SAME_MS) return false;
  if ((before.info === undefined) !== (now.info === undefined)) return false;
  if (before.info === undefined || now.info === undefined) return true;
  for (const field of RECORDED_INFO) {
    const old = before.info[field];
    const value = now.info[field];
    if (old === value) continue;
    if (old === undefined || value === undefined || !CLOCKS.has(field)) return false;
    if (Math.abs(old + passed - value) > SAME_MS) return false;
  }
  return true;
}
