import { wasSetBack } from '../../base/clock-set.ts';
import { errnoName } from '../../base/errno.ts';
import type { ConnectionEnds, HandshakeTimes } from '../../model/report/connection-ends.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';

/** TCP connections a second, each end counted. */
export interface ConnectionRates {
  opensPerSecond: number;
  failuresPerSecond: number;
  closesPerSecond: number;
}

/** Handshakes of an interval whose times are kept, the last ones: of more, these stand for all. */
const MOST_TIMES = 1000;

/** Counts of one owner in an interval. */
class Counts {
  opens = 0;
  failures = 0;
  closes = 0;
  readonly outcomes = new Map<string, number>();
  /** By errno. */
  readonly errors = new Map<number, number>();
  readonly times: number[] = [];
  handshakes = 0;
  maxUs = 0;
}

/** Counts the connection events of one namespace from tick to tick, by the owner of a row: how many, and how they end. */
export class ConnectionCounter {
  #counts = new Map<string, Counts>();
  /** Of the last interval; undefined before the first. */
  #last: { counts: ReadonlyMap<string, Counts>; intervalMs: number } | undefined;
  #atMs: number | undefined;

  /** @param owner of the row that the event belongs to */
  event(event: ConnectionEvent, owner: string): void {
    if (event.proto !== 'tcp') return;
    let counts = this.#counts.get(owner);
    if (counts === undefined) {
      counts = new Counts();
      this.#counts.set(owner, counts);
    }
    // As the kernel counts: attempts, and connections that came in.
    switch (event.kind) {
      case 'opened':
        counts.opens++;
        break;
      case 'established':
        addEstablished(counts, event);
        break;
      case 'failed':
        counts.failures += event.count ?? 1;
        addEnd(counts, event);
        break;
      case 'closed':
        counts.closes += event.count ?? 1;
        addEnd(counts, event);
    }
  }

  /** Ends an interval; one that ends at the same time again changes nothing. @param atMs milliseconds since the epoch */
  tick(atMs: number): void {
    const before = this.#atMs !== undefined && wasSetBack(this.#atMs, atMs) ? undefined : this.#atMs;
    if (before !== undefined && atMs <= before) return;
    this.#atMs = atMs;
    const counts = this.#counts;
    this.#counts = new Map();
    if (before !== undefined) this.#last = { counts, intervalMs: atMs - before };
  }

  /** Rates of the last interval; undefined before the first. */
  ratesOf(owner: string): ConnectionRates | undefined {
    if (this.#last === undefined) return undefined;
    const { opens, failures, closes } = this.#last.counts.get(owner) ?? NONE;
    const { intervalMs } = this.#last;
    return {
      opensPerSecond: perSecond(opens, intervalMs),
      failuresPerSecond: perSecond(failures, intervalMs),
      closesPerSecond: perSecond(closes, intervalMs),
    };
  }

  /** How connections ended in the last interval; undefined before the first. */
  endsOf(owner: string): ConnectionEnds | undefined {
    if (this.#last === undefined) return undefined;
    const counts = this.#last.counts.get(owner);
    return counts === undefined ? NO_ENDS : endsOf(counts, this.#last.intervalMs);
  }
}

const NONE = new Counts();
const NO_ENDS: ConnectionEnds = { outcomes: {}, errors: {} };

function addEstablished(counts: Counts, { role, latencyUs }: ConnectionEvent): void {
  if (role === 'server') counts.opens++;
  if (latencyUs === undefined) return;
  counts.times[counts.handshakes % MOST_TIMES] = latencyUs;
  counts.handshakes++;
  counts.maxUs = Math.max(counts.maxUs, latencyUs);
}

function addEnd({ outcomes, errors }: Counts, { outcome, errno, count = 1 }: ConnectionEvent): void {
  if (outcome === undefined || outcome === 'unconnected') return;
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
  if (errno !== undefined) errors.set(errno, (errors.get(errno) ?? 0) + count);
}

function endsOf({ outcomes, errors, times, handshakes, maxUs }: Counts, intervalMs: number): ConnectionEnds {
  const rates = <Key>(counts: ReadonlyMap<Key, number>, name: (key: Key) => string) =>
    Object.fromEntries([...counts].map(([key, count]) => [name(key), perSecond(count, intervalMs)]));
  const handshake = (): HandshakeTimes => {
    times.sort((a, b) => a - b);
    return {
      perSecond: perSecond(handshakes, intervalMs),
      medianUs: rankOf(times, 0.5),
      p95Us: rankOf(times, 0.95),
      maxUs,
    };
  };
  return {
    outcomes: rates(outcomes, (outcome) => outcome),
    errors: rates(errors, errnoName),
    ...(handshakes > 0 && { handshake: handshake() }),
  };
}

function perSecond(count: number, intervalMs: number): number {
  return (count * 1000) / intervalMs;
}

/** The smallest time that a fraction of all does not exceed. @param times in ascending order */
function rankOf(times: readonly number[], fraction: number): number {
  return times[Math.max(0, Math.ceil(times.length * fraction) - 1)] ?? 0;
}
