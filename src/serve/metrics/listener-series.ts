import type { ListeningPort } from '../protocol.ts';
import type { LabelSet } from './label-set.ts';

/** Ports of a row that have series of their own. */
const PLACES = 10;

/** Listeners whose drops are remembered, also when they are closed. */
const MOST_REMEMBERED = 200;

interface Listener {
  labels: LabelSet;
  /** Undefined where the source does not know them. */
  queue: number | undefined;
  backlog: number | undefined;
}

/** The TCP ports on which a row listens, and how many connections were dropped there. */
export class ListenerSeries {
  readonly #base: LabelSet;
  readonly #listeners = new Map<number, Listener>();
  /** What each listener has dropped since it listens, at the last tick that had it. */
  readonly #drops = new Map<string, number>();
  #dropped: number | undefined;
  #last: readonly ListeningPort[] | undefined;

  /** @param base labels of the row */
  constructor(base: LabelSet) {
    this.#base = base;
  }

  /** Takes those of a tick. A port keeps its place while somebody listens on it; a free one is the lowest port's. */
  take(ports: readonly ListeningPort[]): void {
    if (ports === this.#last) return;
    this.#last = ports;
    const present = Map.groupBy(
      ports.filter(({ proto }) => proto === 'tcp'),
      ({ port }) => port,
    );
    for (const port of this.#listeners.keys()) if (!present.has(port)) this.#listeners.delete(port);
    for (const [port, listeners] of present) {
      if (!this.#listeners.has(port) && this.#listeners.size >= PLACES) continue;
      const labels = this.#listeners.get(port)?.labels ?? this.#base.and(['port', `${port}`]);
      const [queue, backlog] = [sum(listeners, 'queue'), sum(listeners, 'backlog')];
      this.#listeners.set(port, { labels, queue, backlog });
    }
    this.#count(ports);
  }

  each(emit: (labels: LabelSet, listener: Pick<Listener, 'queue' | 'backlog'>) => void): void {
    for (const listener of this.#listeners.values()) emit(listener.labels, listener);
  }

  /** Connections dropped since the row is known, also at listeners that are closed; undefined where no listener tells. */
  get dropped(): number | undefined {
    return this.#dropped;
  }

  #count(ports: readonly ListeningPort[]): void {
    for (const { proto, address, port, drops } of ports) {
      if (proto !== 'tcp' || drops === undefined) continue;
      const key = `${address} ${port}`;
      // Fewer than before: one of several on this port was closed, or opened anew.
      const more = Math.max(0, drops - (this.#drops.get(key) ?? 0));
      this.#dropped = (this.#dropped ?? 0) + more;
      this.#drops.delete(key);
      this.#drops.set(key, drops);
    }
    for (const oldest of this.#drops.keys()) {
      if (this.#drops.size <= MOST_REMEMBERED) break;
      this.#drops.delete(oldest);
    }
  }
}

function sum(listeners: readonly ListeningPort[], key: 'queue' | 'backlog'): number | undefined {
  const known = listeners.flatMap((listener) => listener[key] ?? []);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}
