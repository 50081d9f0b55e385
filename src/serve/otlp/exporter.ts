import { isDeepStrictEqual } from 'node:util';
import zlib from 'node:zlib';
import { ProtobufError } from '../../protobuf/message.ts';
import { exportResponse } from '../../protobuf/otlp.ts';
import type { Alert } from '../alerts/alert.ts';
import { type Outcome, post } from '../alerts/post.ts';
import type { RegisterChange } from '../doctor/problem-register.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ServedProblem } from '../protocol.ts';
import { MetricsExport } from './metrics-export.ts';
import { logsOf, type ProblemLog } from './problem-logs.ts';
import { otlpResource } from './resource.ts';

/** Where a signal is exported to. */
export interface OtlpTarget {
  url: string;
  /** Secrets: their values are shown nowhere. */
  headers: Readonly<Record<string, string>>;
  isGzipped: boolean;
  /** A collector that takes longer is given up, milliseconds. */
  timeoutMs: number;
}

/** What is exported by OpenTelemetry's protocol. */
export interface OtlpSettings {
  /** Undefined for a signal that is not exported. */
  metrics: OtlpTarget | undefined;
  logs: OtlpTarget | undefined;
  /** Between two exports of metrics, milliseconds. */
  intervalMs: number;
  /** Attributes of the resource beside its own. */
  attributes: Readonly<Record<string, string>>;
}

/** What an exporter needs of `serve`. */
export interface ExporterContext {
  host: string;
  version: string;
  /** Since when metrics are counted, milliseconds since the epoch. */
  startedMs: number;
  metrics: Metrics;
  alertOf(problem: ServedProblem): Alert;
  onOutcome(signal: 'otlp metrics' | 'otlp logs', result: Outcome['kind'], count?: number): void;
}

/** Attempts for what a collector refuses for the moment, and the waits before them, milliseconds. */
const RETRY_MS = [1000, 5000, 30_000];

/** Statuses after which the same may be sent again: https://opentelemetry.io/docs/specs/otlp/#failures-1 */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** At the end, what is being sent and a last export may take so long, milliseconds. */
const LAST_MS = 3000;

/** Problems that wait for the collector, the newest; of a request at most. */
const MOST_WAITING = 1000;
const MOST_AT_ONCE = 200;

const NOTHING: OtlpSettings = { metrics: undefined, logs: undefined, intervalMs: 60_000, attributes: {} };

/** Exports metrics at intervals, and problems as they open and are resolved. */
export class OtlpExporter {
  #settings = NOTHING;
  readonly #context: ExporterContext;
  #resource!: ReturnType<typeof otlpResource>;
  #export!: MetricsExport;
  /** Ends the waits before further attempts: the settings changed, or it is closed. */
  #waits = new AbortController();
  /** Gives up what is being sent. */
  readonly #stop = new AbortController();
  readonly #errors = new Map<string, string>();
  readonly #waiting: ProblemLog[] = [];
  #metricsTimer: NodeJS.Timeout | undefined;
  #isOver = false;
  #metrics: Promise<void> | undefined;
  #logs: Promise<void> | undefined;

  constructor(settings: OtlpSettings | undefined, context: ExporterContext) {
    this.#context = context;
    this.#use(settings ?? NOTHING);
  }

  /** Exports as these settings say from now on; undefined for nothing. Problems that wait go where they say. */
  configure(settings: OtlpSettings = NOTHING): void {
    if (!isDeepStrictEqual(settings, this.#settings)) this.#use(settings);
  }

  #use(settings: OtlpSettings): void {
    const { host, version, startedMs } = this.#context;
    this.#settings = settings;
    this.#resource = otlpResource(host, version, settings.attributes);
    this.#export = new MetricsExport(this.#resource, startedMs);
    this.#errors.clear();
    this.#waits.abort();
    this.#waits = new AbortController();
    clearInterval(this.#metricsTimer);
    if (settings.metrics !== undefined)
      this.#metricsTimer = setInterval(() => this.#exportMetrics(), settings.intervalMs).unref();
    if (settings.logs === undefined) this.#waiting.length = 0;
    else this.#exportLogs();
  }

  /** What is wrong, in sentences. */
  get faults(): string[] {
    return [...this.#errors].map(([what, error]) => `${what} do not reach the OpenTelemetry collector: ${error}`);
  }

  /** Takes what a judgement changed. */
  judged({ opened, resolved }: RegisterChange): void {
    if (this.#settings.logs === undefined || opened.length + resolved.length === 0) return;
    const { alertOf } = this.#context;
    for (const problem of opened)
      this.#waiting.push({ alert: alertOf(problem), atMs: problem.openedAtMs, isResolved: false });
    for (const problem of resolved)
      this.#waiting.push({ alert: alertOf(problem), atMs: problem.resolvedAtMs ?? Date.now(), isResolved: true });
    const lost = this.#waiting.splice(0, this.#waiting.length - MOST_WAITING).length;
    if (lost > 0) this.#context.onOutcome('otlp logs', 'refused', lost);
    this.#exportLogs();
  }

  /** Exports once more what there is, and waits for the answers, but not for a collector that hangs. */
  async close(): Promise<void> {
    clearInterval(this.#metricsTimer);
    this.#isOver = true;
    this.#waits.abort();
    const late = setTimeout(() => this.#stop.abort(), LAST_MS);
    await Promise.all([this.#metrics, this.#logs]);
    if (this.#settings.metrics !== undefined && !this.#stop.signal.aborted)
      await this.#sendMetrics(this.#settings.metrics);
    clearTimeout(late);
  }

  #exportMetrics(): void {
    const { metrics } = this.#settings;
    if (metrics === undefined || this.#metrics !== undefined) return;
    this.#metrics = this.#sendMetrics(metrics).finally(() => {
      this.#metrics = undefined;
    });
  }

  /** Metrics count from the start: what was not taken is in the next export. */
  async #sendMetrics(target: OtlpTarget): Promise<void> {
    const { metrics } = this.#context;
    const view = metrics.view();
    if (view === undefined) return;
    const body = this.#export.request(metrics.families, view);
    const endMs = Date.now() + this.#settings.intervalMs;
    await this.#send('metrics', target, body, (waitMs) => Date.now() + waitMs < endMs);
  }

  #exportLogs(): void {
    const { logs } = this.#settings;
    if (logs === undefined || this.#logs !== undefined || this.#waiting.length === 0) return;
    this.#logs = this.#sendLogs(logs).finally(() => {
      this.#logs = undefined;
      // The settings changed meanwhile.
      if (this.#settings.logs !== logs) this.#exportLogs();
    });
  }

  async #sendLogs(target: OtlpTarget): Promise<void> {
    while (this.#waiting.length > 0 && this.#settings.logs === target) {
      const some = this.#waiting.slice(0, MOST_AT_ONCE);
      const isDone = await this.#send('logs', target, logsOf(this.#resource, some, Date.now()), () => true);
      // Until the next problem, or the end.
      if (!isDone) return;
      for (const log of some) if (this.#waiting[0] === log) this.#waiting.shift();
    }
  }

  /** @returns whether it was taken, or never will be */
  async #send(
    signal: 'metrics' | 'logs',
    { url, headers, isGzipped, timeoutMs }: OtlpTarget,
    message: Uint8Array,
    mayWait: (ms: number) => boolean,
  ): Promise<boolean> {
    const body = isGzipped ? Uint8Array.from(zlib.gzipSync(message, { level: 1 })) : Uint8Array.from(message);
    const request = {
      ...{ url, body, timeoutMs, secrets: Object.values(headers) },
      headers: {
        ...headers,
        'Content-Type': 'application/x-protobuf',
        'User-Agent': 'socklens',
        ...(isGzipped && { 'Content-Encoding': 'gzip' }),
      },
    };
    const waits = this.#waits.signal;
    for (let attempt = 0; ; attempt++) {
      const outcome = await post(request, this.#stop.signal);
      const error = this.#outcome(signal, outcome);
      // Of a collector that is not configured any more nothing is wrong.
      if (waits === this.#waits.signal) {
        if (error === undefined) this.#errors.delete(WORDS[signal]);
        else this.#errors.set(WORDS[signal], error);
      }
      if (outcome.kind !== 'failed') return true;
      if (outcome.status !== undefined && !RETRYABLE.has(outcome.status)) return true;
      const waitMs = Math.max(RETRY_MS[attempt] ?? Number.POSITIVE_INFINITY, outcome.retryAfterMs ?? 0);
      if (!Number.isFinite(waitMs) || !mayWait(waitMs) || waits.aborted) return false;
      await pause(waitMs, waits);
      if (waits.aborted && !this.#isOver) return false;
    }
  }

  /** Counts what became of a request. @returns what went wrong */
  #outcome(signal: 'metrics' | 'logs', outcome: Outcome): string | undefined {
    this.#context.onOutcome(`otlp ${signal}`, outcome.kind);
    if (outcome.kind !== 'sent') return outcome.reason;
    const rejected = rejectedOf(outcome.answer);
    if (rejected === 0) return undefined;
    this.#context.onOutcome(`otlp ${signal}`, 'refused', rejected);
    return `it rejected ${rejected} of them`;
  }
}

/** Waits, no longer than until the signal. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    signal.addEventListener('abort', done);
  });
}

const WORDS = { metrics: 'metrics', logs: 'problems' } as const;

/** Points or records that a collector took the request without; what is no answer of the protocol rejects none. */
function rejectedOf(answer: Uint8Array): number {
  try {
    return Number(exportResponse.decode(answer).partialSuccess?.rejected ?? 0n);
  } catch (error) {
    if (error instanceof ProtobufError) return 0;
    throw error;
  }
}
