import { type ConnectionEvent, EVENT_KINDS, type EventKind } from '../../model/socket/connection-event.ts';

/** Numbers of connection events by kind. */
export type KindCounts = Readonly<Record<EventKind, number>>;

/** TCP connections of one second, counted as the series `opened`, `failed` and `closed`: those that came in are opened, too. */
export interface SecondCounts {
  /** Its beginning, milliseconds since the epoch. */
  atMs: number;
  opened: number;
  failed: number;
  closed: number;
}

/** What was taken out of a sample. */
export interface SampledEvents<Kept> {
  /** By time. */
  kept: Kept[];
  /** All events, those that are not in {@link kept} among them. */
  counts: KindCounts;
  /** By second, of the last minute. */
  seconds: readonly SecondCounts[];
}

/** Seconds that are counted apart. */
const MOST_SECONDS = 60;

/**
 * Counts events, and keeps some of them: as many that ended badly, and as many others, each chosen by chance, so that few
 * failures are not lost among many closes. It costs the same however many there are.
 */
export class EventSample<Kept> {
  readonly #most: number;
  readonly #keep: (event: ConnectionEvent) => Kept;
  #counts = zeros();
  #seconds = new Map<number, SecondCounts>();
  #bad: Chosen<Kept>[] = [];
  #others: Chosen<Kept>[] = [];
  #badCount = 0;
  #otherCount = 0;

  /**
   * @param most of those that ended badly, and of the others
   * @param keep what stays of an event, which is valid only now
   */
  constructor(most: number, keep: (event: ConnectionEvent) => Kept) {
    this.#most = most;
    this.#keep = keep;
  }

  add(event: ConnectionEvent): void {
    const { kind, atMs, count = 1 } = event;
    this.#counts[kind] += count;
    this.#countSecond(event, Math.floor(atMs / 1000));
    if (endedBadly(event)) this.#choose(this.#bad, ++this.#badCount, event);
    else this.#choose(this.#others, ++this.#otherCount, event);
  }

  /** Everything since the last time. */
  take(): SampledEvents<Kept> {
    const kept = [...this.#bad, ...this.#others].sort((a, b) => a.atMs - b.atMs).map(({ value }) => value);
    const seconds = [...this.#seconds.values()].sort((a, b) => a.atMs - b.atMs);
    const taken = { kept, counts: this.#counts, seconds };
    this.#counts = zeros();
    this.#seconds = new Map();
    [this.#bad, this.#others, this.#badCount, this.#otherCount] = [[], [], 0, 0];
    return taken;
  }

  #countSecond({ kind, proto, role, count = 1 }: ConnectionEvent, second: number): void {
    if (proto !== 'tcp') return;
    let counts = this.#seconds.get(second);
    if (counts === undefined) {
      counts = { atMs: second * 1000, opened: 0, failed: 0, closed: 0 };
      this.#seconds.set(second, counts);
      if (this.#seconds.size > MOST_SECONDS) this.#seconds.delete(Math.min(...this.#seconds.keys()));
    }
    if (kind === 'opened' || (kind === 'established' && role === 'server')) counts.opened++;
    else if (kind !== 'established') counts[kind] += count;
  }

  /** Algorithm R: each of `count` events so far is among the chosen ones with the same chance. */
  #choose(chosen: Chosen<Kept>[], count: number, event: ConnectionEvent): void {
    const place = chosen.length < this.#most ? chosen.length : Math.floor(Math.random() * count);
    if (place < this.#most) chosen[place] = { atMs: event.atMs, value: this.#keep(event) };
  }
}

interface Chosen<Kept> {
  atMs: number;
  value: Kept;
}

/** Whether an event is a failed attempt, or the end of a connection that was broken off. */
function endedBadly({ kind, outcome }: ConnectionEvent): boolean {
  return kind === 'failed' || (kind === 'closed' && outcome !== 'closed' && outcome !== 'unconnected');
}

/** No events of any kind. */
export function zeros(): Record<EventKind, number> {
  return Object.fromEntries(EVENT_KINDS.map((kind) => [kind, 0])) as Record<EventKind, number>;
}
