import { LanePeaks } from '../collector/lanes.ts';
import type { LabelSet } from './label-set.ts';

/** Connections with one peer. */
export interface PeerConnections {
  direction: 'inbound' | 'outbound';
  /** Its name, or `external`. */
  peer: string;
  /** Of the peer; undefined for `inbound`: clients' ports differ. */
  port: number | undefined;
  count: number;
}

/** One exported peer. */
interface Member {
  labels: LabelSet;
  count: number;
  peak: number;
  /** When it was last one of the first {@link PLACES}, and of twice as many, milliseconds since the epoch. */
  topMs: number;
  nearMs: number;
  /** Whether it was at the last tick. */
  isTop: boolean;
  isNear: boolean;
}

/** The others of one direction, together. */
interface Others {
  labels: LabelSet;
  count: number;
  peak: number;
}

/** Peers of a row that have series of their own. */
const PLACES = 5;

/** A place is kept for so long without a reason to keep it, milliseconds. */
const KEPT_MS = 600_000;

/** A newcomer takes the place of the smallest at once when it has so many times its peak, and so many more. */
const OUTGROWN = { factor: 2, more: 10 };

/**
 * The largest peers of a row, by the highest number of the last minute. Who has a place keeps it for ten minutes after it
 * was last needed: ranks that change at every tick would make series that come and go. A peer that suddenly is much
 * larger than the smallest of them gets its place at once.
 */
export class StickyPeers {
  readonly #base: LabelSet;
  readonly #members = new Map<string, Member>();
  readonly #others = new Map<string, Others>();
  readonly #peaks = new LanePeaks();
  #last: ReadonlyMap<string, PeerConnections> | undefined;
  /** Whether every peak is the present number, so that the same numbers change nothing. */
  #isSettled = false;

  /** @param base labels of the row */
  constructor(base: LabelSet) {
    this.#base = base;
  }

  /** Takes the connections of a tick. @param peers by a key of their own */
  take(peers: ReadonlyMap<string, PeerConnections>, atMs: number): void {
    if (peers === this.#last && this.#isSettled && this.#holds(atMs)) return;
    this.#last = peers;
    const counts = new Map<string, number>([...this.#members.keys()].map((key) => [key, 0]));
    for (const [key, { count }] of peers) counts.set(key, count);
    const peaks = this.#peaks.take([...this.#withSums(peers, counts)], atMs);
    const ranked = largest(counts.keys(), peaks, 2 * PLACES);
    for (const [key, member] of this.#members) {
      const rank = ranked.indexOf(key);
      member.isNear = rank >= 0;
      member.isTop = rank >= 0 && rank < PLACES;
      if (member.isNear) member.nearMs = atMs;
      if (member.isTop) member.topMs = atMs;
      member.count = counts.get(key) ?? 0;
      member.peak = peaks.get(key) ?? member.count;
      if (atMs - member.nearMs > KEPT_MS) this.#members.delete(key);
    }
    for (const key of ranked.slice(0, PLACES)) {
      const newcomer = peers.get(key);
      if (newcomer !== undefined && !this.#members.has(key)) this.#admit(key, newcomer, peaks.get(key) ?? 0, atMs);
    }
    this.#sumOthers(peers, peaks);
    this.#isSettled = [...this.#members.values(), ...this.#others.values()].every(({ count, peak }) => count === peak);
  }

  /** Takes the same numbers again. @returns whether everybody keeps what he has */
  #holds(atMs: number): boolean {
    let isChanging = false;
    for (const member of this.#members.values()) {
      if (member.isNear) member.nearMs = atMs;
      if (member.isTop) member.topMs = atMs;
      else isChanging = true;
    }
    return !isChanging;
  }

  /** Gives the connections of each, and the most of the last minute. */
  each(emit: (labels: LabelSet, count: number, peak: number) => void): void {
    for (const { labels, count, peak } of this.#members.values()) emit(labels, count, peak);
    for (const { labels, count, peak } of this.#others.values()) emit(labels, count, peak);
  }

  /** The counts, and those of the others by direction. */
  *#withSums(peers: ReadonlyMap<string, PeerConnections>, counts: ReadonlyMap<string, number>) {
    for (const [id, count] of counts) yield { id, count };
    const sums = new Map<string, number>();
    for (const [key, { direction, count }] of peers)
      if (!this.#members.has(key)) sums.set(direction, (sums.get(direction) ?? 0) + count);
    for (const direction of DIRECTIONS) yield { id: `other ${direction}`, count: sums.get(direction) ?? 0 };
  }

  #admit(key: string, newcomer: PeerConnections, peak: number, atMs: number): void {
    if (this.#members.size >= PLACES) {
      const [smallest, member] = [...this.#members].reduce((a, b) => (b[1].peak < a[1].peak ? b : a));
      const isUnneeded = atMs - member.topMs > KEPT_MS;
      const isOutgrown = newcomer.count >= OUTGROWN.factor * member.peak + OUTGROWN.more;
      if (!isUnneeded && !isOutgrown) return;
      this.#members.delete(smallest);
    }
    const { peer, port, direction, count } = newcomer;
    const labels = this.#base.and(['peer', peer], ['peer_port', port?.toString()], ['direction', direction]);
    this.#members.set(key, { labels, count, peak, topMs: atMs, nearMs: atMs, isTop: true, isNear: true });
  }

  /** The others have a series from their first connection on. */
  #sumOthers(peers: ReadonlyMap<string, PeerConnections>, peaks: ReadonlyMap<string, number>): void {
    for (const direction of DIRECTIONS) {
      let count = 0;
      for (const [key, peer] of peers) if (peer.direction === direction && !this.#members.has(key)) count += peer.count;
      const known = this.#others.get(direction);
      if (known === undefined && count === 0) continue;
      const labels = known?.labels ?? this.#base.and(['peer', 'other'], ['direction', direction]);
      this.#others.set(direction, { labels, count, peak: Math.max(count, peaks.get(`other ${direction}`) ?? 0) });
    }
  }
}

const DIRECTIONS = ['outbound', 'inbound'] as const;

/** The first by their peaks, without those that are 0; of equal ones the first by key. */
function largest(keys: Iterable<string>, peaks: ReadonlyMap<string, number>, most: number): string[] {
  const first: { key: string; peak: number }[] = [];
  for (const key of keys) {
    const peak = peaks.get(key) ?? 0;
    const last = first.at(-1);
    if (peak === 0 || (first.length === most && last !== undefined && !isBefore({ key, peak }, last))) continue;
    const at = first.findIndex((other) => isBefore({ key, peak }, other));
    first.splice(at < 0 ? first.length : at, 0, { key, peak });
    if (first.length > most) first.pop();
  }
  return first.map(({ key }) => key);
}

function isBefore(a: { key: string; peak: number }, b: { key: string; peak: number }): boolean {
  return a.peak > b.peak || (a.peak === b.peak && a.key < b.key);
}
