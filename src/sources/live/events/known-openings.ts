import type { Opening } from './openings.ts';

/**
 * How long a connection stays known after its end, milliseconds: its packets are read after the end of it, at most a
 * tenth of a second later.
 */
const RETAIN_MS = 1000;

/** What is known of the connections of a namespace by their cookies: of those that are open, and of those that ended just now. */
export class KnownOpenings {
  readonly #open = new Map<number, Opening>();
  #ended = new Map<number, Opening>();
  #endedBefore = new Map<number, Opening>();
  #turnedMs = 0;

  /** Remembers a copy of what is known of a connection now. */
  set(opening: Opening): void {
    if (opening.cookie !== 0) this.#open.set(opening.cookie, { ...opening });
  }

  /** @param opening undefined where the beginning was not seen */
  end(opening: Opening | undefined): void {
    const known = this.#open.get(opening?.cookie ?? 0);
    if (known === undefined) return;
    this.#open.delete(known.cookie);
    this.#ended.set(known.cookie, known);
  }

  /** Forgets connections that ended more than {@link RETAIN_MS} before. @param nowMs milliseconds since the epoch */
  forget(nowMs: number): void {
    if (Math.abs(nowMs - this.#turnedMs) < RETAIN_MS) return;
    this.#turnedMs = nowMs;
    this.#endedBefore = this.#ended;
    this.#ended = new Map();
  }

  /** @returns undefined for a socket whose opening was not seen, and for one without a cookie */
  of(cookie: number): Opening | undefined {
    return this.#open.get(cookie) ?? this.#ended.get(cookie) ?? this.#endedBefore.get(cookie);
  }
}
