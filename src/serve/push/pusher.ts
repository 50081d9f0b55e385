import { safeText } from '../../base/safe-text.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { PushEncoder } from './push-encoder.ts';
import { type PushResult, type PushTarget, pushRequest } from './push-request.ts';
import { type PushBatch, PushRing } from './push-ring.ts';

/** What is pushed, and where. */
export interface PusherOptions {
  target: PushTarget;
  /** Name of the host, a label of every series. */
  host: string;
  /** Label `instance`: two with one name must differ in it. */
  instance: string;
  metrics: Pick<Metrics, 'view' | 'families' | 'pushed'>;
  /** Where that is kept which could not be sent. */
  folder: string;
}

/** So much of an outage is kept, milliseconds and bytes. */
const KEPT_MS = 3_600_000;
const KEPT_BYTES = 200_000_000;

/** Between two attempts after a failure, milliseconds: twice as long each time. */
const BACKOFF_MS = { first: 1000, most: 60_000 };

/** At the end, one more attempt may take so long, milliseconds. */
const LAST_MS = 3000;

/** Sends metrics by remote write, and keeps on disk what does not arrive. */
export class Pusher {
  readonly #options: PusherOptions;
  readonly #encoder: PushEncoder;
  readonly #ring: PushRing;
  #lastMs: number | undefined;
  #sending: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Nothing is sent before, by `performance.now()`: a clock that is set must not silence it. */
  #retryMs = 0;
  #backoffMs = BACKOFF_MS.first;
  #failure: string | undefined;
  #isOver = false;
  readonly #stop = new AbortController();

  constructor(options: PusherOptions) {
    this.#options = options;
    const { host, instance, folder, metrics } = options;
    this.#encoder = new PushEncoder([
      ['job', 'socklens'],
      ['instance', instance],
      ['host', host],
    ]);
    this.#ring = new PushRing(folder, {
      keepMs: KEPT_MS,
      maxBytes: KEPT_BYTES,
      onDropped: (samples) => metrics.pushed.add('dropped', samples),
    });
    metrics.pushed.pendingBytes = () => this.#ring.bytes;
  }

  /** Why the last attempt failed; undefined where it arrived. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Sends what the last tick has; nothing where there is no new one. */
  round(): void {
    const { metrics } = this.#options;
    const view = metrics.view();
    if (view === undefined || this.#isOver || view.overview.atMs === this.#lastMs) return;
    this.#lastMs = view.overview.atMs;
    this.#take(this.#encoder.round(metrics.families, view, view.overview.atMs));
  }

  /** Waits until nothing is being sent. */
  async settled(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
  }

  /** Ends every series, and tries once more. What does not arrive is sent by the next `serve`. */
  async close(): Promise<void> {
    if (this.#lastMs !== undefined) {
      const batches = this.#encoder.end(Math.max(Date.now(), this.#lastMs + 1));
      this.#retryMs = 0;
      clearTimeout(this.#retry);
      this.#take(batches);
    }
    this.#isOver = true;
    clearTimeout(this.#retry);
    const late = new Promise<void>((resolve) => setTimeout(resolve, LAST_MS).unref());
    await Promise.race([this.settled(), late]);
    this.#stop.abort();
    clearTimeout(this.#retry);
    await this.settled();
  }

  /** On disk first where something waits already, so that samples arrive in the order of their times. */
  #take(batches: readonly PushBatch[]): void {
    const isFree = this.#ring.isEmpty && this.#sending === undefined && performance.now() >= this.#retryMs;
    if (isFree) this.#start(() => this.#sendNew(batches));
    else {
      for (const batch of batches) this.#ring.put(batch, Date.now());
      this.#drain();
    }
  }

  #start(work: () => Promise<void>): void {
    this.#sending = work().finally(() => {
      this.#sending = undefined;
      this.#drain();
    });
  }

  async #sendNew(batches: readonly PushBatch[]): Promise<void> {
    for (const batch of batches) {
      const isLate = !this.#ring.isEmpty;
      const result = isLate ? undefined : await pushRequest(this.#options.target, batch.bytes, this.#stop.signal);
      if (result === undefined || !this.#note(result, batch)) this.#ring.put(batch, Date.now());
    }
  }

  /** Sends what waits, the oldest first, when it is time. */
  #drain(): void {
    if (this.#sending !== undefined || this.#ring.isEmpty) return;
    const waitMs = Math.ceil(this.#retryMs - performance.now());
    if (waitMs > 0) {
      clearTimeout(this.#retry);
      if (!this.#isOver) this.#retry = setTimeout(() => this.#drain(), Math.min(waitMs, BACKOFF_MS.most * 5)).unref();
      return;
    }
    this.#start(async () => {
      for (;;) {
        const batch = this.#ring.first();
        if (batch === undefined) return;
        if (!this.#note(await pushRequest(this.#options.target, batch.bytes, this.#stop.signal), batch)) return;
        this.#ring.remove(batch.file);
      }
    });
  }

  /** Counts a result. @returns whether the batch is done with */
  #note(result: PushResult, { samples }: PushBatch): boolean {
    const { pushed } = this.#options.metrics;
    if (result.kind === 'failed') {
      this.#failure = safeText(result.reason);
      this.#retryMs = performance.now() + (result.afterMs ?? this.#backoffMs);
      this.#backoffMs = Math.min(2 * this.#backoffMs, BACKOFF_MS.most);
      pushed.add('retried', samples);
      return false;
    }
    this.#backoffMs = BACKOFF_MS.first;
    this.#retryMs = 0;
    this.#failure = result.kind === 'refused' ? safeText(result.reason) : undefined;
    pushed.add(result.kind === 'sent' ? 'sent' : 'refused', samples);
    return true;
  }
}
