import type { LoadError } from '../model/report/load-report.ts';
import { Sender } from './sender.ts';

/** Time limit of a request, milliseconds. */
const TIMEOUT_MS = 10_000;

/** Many senders: a request goes to the sender that has been idle longest, and waits when none is idle. */
export class Senders {
  readonly #target: { host: string; port: number };
  readonly #onEnd: (latencyMs: number, error: LoadError | undefined) => void;
  readonly #open = new Set<Sender>();
  /** In the order in which they became idle; some may be closed. */
  #idle: Sender[] = [];
  /** Due times of the waiting requests. */
  readonly #queue: number[] = [];
  readonly #pending = new Map<Sender, number>();
  readonly #timeoutTimer: NodeJS.Timeout;

  /**
   * @param onEnd called for each finished request with the milliseconds since it was due, and for each new client whose
   *   first request failed
   */
  constructor(
    target: { host: string; port: number },
    onEnd: (latencyMs: number, error: LoadError | undefined) => void,
  ) {
    this.#target = target;
    this.#onEnd = onEnd;
    this.#timeoutTimer = setInterval(() => this.#abandonOld(), 500);
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#open.size;
  }

  /** Number of requests without an answer. */
  get pending(): number {
    return this.#queue.length + this.#pending.size;
  }

  /** Opens connections until there are `count`; each new client sends its first request. */
  keepOpen(count: number): void {
    while (this.#open.size < count) {
      const sender = new Sender(
        this.#target,
        (idle) => this.#isIdle(idle),
        (closed) => this.#open.delete(closed),
      );
      this.#open.add(sender);
      this.#greet(sender);
    }
  }

  /** Sends `count` requests, which are due now. */
  send(count: number): void {
    const due = performance.now();
    for (let sent = 0; sent < count; sent++) this.#queue.push(due);
    this.#next();
  }

  /** Waits until no request is pending: until their timeouts at the latest. */
  async answered(): Promise<void> {
    while (this.pending > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  close(): void {
    clearInterval(this.#timeoutTimer);
    for (const sender of this.#open) sender.close();
  }

  #isIdle(sender: Sender): void {
    if (sender.closed) return;
    this.#idle.push(sender);
    this.#next();
  }

  #next(): void {
    let taken = 0;
    for (; taken < this.#idle.length && this.#queue.length > 0; taken++) {
      const sender = this.#idle[taken];
      if (sender === undefined || sender.closed) continue;
      this.#assign(sender, this.#queue.shift() ?? 0);
    }
    this.#idle = taken === 0 ? this.#idle : this.#idle.slice(taken);
  }

  /** Sends a new client's first request. Only its failure counts: when it is answered, no webhook was sent yet. */
  #greet(sender: Sender): void {
    const start = performance.now();
    this.#pending.set(sender, start);
    sender.send('HELLO', (error) => {
      this.#pending.delete(sender);
      if (error !== undefined) this.#onEnd(performance.now() - start, error);
    });
  }

  #assign(sender: Sender, due: number): void {
    this.#pending.set(sender, due);
    sender.send('WEBHOOK', (error) => {
      this.#pending.delete(sender);
      this.#onEnd(performance.now() - due, error);
    });
  }

  #abandonOld(): void {
    const oldest = performance.now() - TIMEOUT_MS;
    for (const [sender, due] of this.#pending) if (due < oldest) sender.abandon();
    // These waited and were never sent.
    while ((this.#queue[0] ?? Number.POSITIVE_INFINITY) < oldest) {
      this.#queue.shift();
      this.#onEnd(TIMEOUT_MS, 'timeout');
    }
  }
}
