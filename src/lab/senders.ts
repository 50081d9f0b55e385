import type { LoadError } from '../model/report/load-report.ts';
import { Sender } from './sender.ts';

/** A request without an answer after this is given up. */
const TIMEOUT_MS = 10_000;

/** Many senders: requests go to whoever is idle the longest, and wait where nobody is. */
export class Senders {
  readonly #target: { host: string; port: number };
  readonly #onEnd: (latencyMs: number, error: LoadError | undefined) => void;
  readonly #open = new Set<Sender>();
  /** In the order in which they became idle; some may have closed since. */
  #idle: Sender[] = [];
  /** When each waiting request was due. */
  readonly #line: number[] = [];
  readonly #underWay = new Map<Sender, number>();
  readonly #watch: NodeJS.Timeout;

  /**
   * @param onEnd is told of each request, milliseconds from when it was due; and of each new client that
   *   was turned away
   */
  constructor(
    target: { host: string; port: number },
    onEnd: (latencyMs: number, error: LoadError | undefined) => void,
  ) {
    this.#target = target;
    this.#onEnd = onEnd;
    this.#watch = setInterval(() => this.#giveUpOld(), 500);
  }

  get connections(): number {
    return this.#open.size;
  }

  /** Requests without an answer. */
  get pending(): number {
    return this.#line.length + this.#underWay.size;
  }

  /** Opens what is missing to so many connections; each new client says hello. */
  keepOpen(count: number): void {
    while (this.#open.size < count) {
      const sender = new Sender(
        this.#target,
        (idle) => this.#isIdle(idle),
        (closed) => this.#open.delete(closed),
      );
      this.#open.add(sender);
      this.#hail(sender);
    }
  }

  /** So many requests are due now. */
  send(count: number): void {
    const due = performance.now();
    for (let sent = 0; sent < count; sent++) this.#line.push(due);
    this.#next();
  }

  /** Waits until nothing is pending; every request ends, by its timeout at the latest. */
  async answered(): Promise<void> {
    while (this.pending > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  close(): void {
    clearInterval(this.#watch);
    for (const sender of this.#open) sender.close();
  }

  #isIdle(sender: Sender): void {
    if (sender.closed) return;
    this.#idle.push(sender);
    this.#next();
  }

  #next(): void {
    let taken = 0;
    for (; taken < this.#idle.length && this.#line.length > 0; taken++) {
      const sender = this.#idle[taken];
      if (sender === undefined || sender.closed) continue;
      this.#give(sender, this.#line.shift() ?? 0);
    }
    this.#idle = taken === 0 ? this.#idle : this.#idle.slice(taken);
  }

  /** A client that gets no answer to its first word is one that failed; one that does has not asked anything yet. */
  #hail(sender: Sender): void {
    const start = performance.now();
    this.#underWay.set(sender, start);
    sender.send('HELLO', (error) => {
      this.#underWay.delete(sender);
      if (error !== undefined) this.#onEnd(performance.now() - start, error);
    });
  }

  #give(sender: Sender, due: number): void {
    this.#underWay.set(sender, due);
    sender.send('WEBHOOK', (error) => {
      this.#underWay.delete(sender);
      this.#onEnd(performance.now() - due, error);
    });
  }

  #giveUpOld(): void {
    const oldest = performance.now() - TIMEOUT_MS;
    for (const [sender, due] of this.#underWay) if (due < oldest) sender.abandon();
    // Nobody was there to send these.
    while ((this.#line[0] ?? Number.POSITIVE_INFINITY) < oldest) {
      this.#line.shift();
      this.#onEnd(TIMEOUT_MS, 'timeout');
    }
  }
}
