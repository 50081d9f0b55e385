import type { ConnectionEvent } from '../../model/socket/connection-event.ts';

/** TCP connections a second, each end counted. */
export interface ConnectionRates {
  opensPerSecond: number;
  failuresPerSecond: number;
  closesPerSecond: number;
}

const NONE: ConnectionRates = { opensPerSecond: 0, failuresPerSecond: 0, closesPerSecond: 0 };

/** Counts the connection events of one namespace from tick to tick, by the owner of a row. */
export class ConnectionRateCounter {
  #counts = new Map<string, { opens: number; failures: number; closes: number }>();
  #rates = new Map<string, ConnectionRates>();
  #atMs: number | undefined;

  /** @param owner of the row that the event belongs to */
  event(event: ConnectionEvent, owner: string): void {
    if (event.proto !== 'tcp') return;
    let counts = this.#counts.get(owner);
    if (counts === undefined) {
      counts = { opens: 0, failures: 0, closes: 0 };
      this.#counts.set(owner, counts);
    }
    // As the kernel counts: attempts, and connections that came in.
    if (event.kind === 'opened' || (event.kind === 'established' && event.role === 'server')) counts.opens++;
    else if (event.kind === 'failed') counts.failures++;
    else if (event.kind === 'closed') counts.closes++;
  }

  /** Ends an interval; one that ends at the same time again changes nothing. */
  tick(atMs: number): void {
    const before = this.#atMs;
    if (before !== undefined && atMs <= before) return;
    this.#atMs = atMs;
    const counts = this.#counts;
    this.#counts = new Map();
    if (before === undefined) return;
    const perSecond = (count: number) => (count * 1000) / (atMs - before);
    this.#rates = new Map(
      [...counts].map(([owner, { opens, failures, closes }]) => [
        owner,
        {
          opensPerSecond: perSecond(opens),
          failuresPerSecond: perSecond(failures),
          closesPerSecond: perSecond(closes),
        },
      ]),
    );
    this.#isKnown = true;
  }

  #isKnown = false;

  /** The rates of the last interval; undefined before the first. */
  of(owner: string): ConnectionRates | undefined {
    return this.#isKnown ? (this.#rates.get(owner) ?? NONE) : undefined;
  }
}
