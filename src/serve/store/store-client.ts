import { beginningOf, connectionReason, retryAfterOf, saidText } from '../outgoing-answers.ts';
import { matrixOf, vectorOf, wordsOf } from './answer-shapes.ts';
import type { StoreAnswer, StoreSample, StoreSeries } from './store-answer.ts';
import { StoreError, type StoreFault } from './store-error.ts';

/** Where a store is, and who asks. */
export interface StoreTarget {
  /** Without the path of the API: `http://prometheus:9090`, `https://mimir/prometheus`. */
  url: string;
  /** What authorizes a question; no text repeats their values. */
  headers: Readonly<Record<string, string>>;
  version: string;
  /** Absent for the default. */
  timeoutMs?: number;
  /** Longest answer that is read, bytes; absent for the default. */
  maxBytes?: number;
}

/** Times of a range, milliseconds since the epoch; both ends are asked for. */
export interface StoreRange {
  fromMs: number;
  toMs: number;
  stepMs: number;
}

/** Options of a question; a list stands for the same parameter again and again. */
export type StoreParameters = Readonly<Record<string, string | readonly string[] | undefined>>;

const DEFAULTS = { timeoutMs: 10_000, maxBytes: 64 << 20 };

/** Characters of an engine's own words that are shown. */
const SAID_CHARACTERS = 160;

const SHORTEST_SECRET = 6;

/** Warnings of an answer that are told. */
const MOST_WARNINGS = 5;

/** The engine gives up a little before this end does, so that it does not work for nobody, milliseconds. */
const SPARE_MS = 500;

/**
 * Asks Prometheus, or what speaks its HTTP API (VictoriaMetrics, Thanos, Mimir, Cortex):
 * https://prometheus.io/docs/prometheus/latest/querying/api
 *
 * Redirects are not followed, since credentials are for one address. Each question throws {@link StoreError} where there is
 * no answer, and the reason of `signal` where the caller gave up.
 */
export class StoreClient {
  readonly #target: StoreTarget;
  readonly #base: string;
  /** Host and port, for messages. */
  readonly host: string;

  constructor(target: StoreTarget) {
    this.#target = target;
    this.#base = target.url.replace(/\/+$/, '');
    this.host = new URL(target.url).host;
  }

  /** The series of an expression at a moment. @param atMs undefined for now */
  async query(expression: string, atMs?: number, signal?: AbortSignal): Promise<StoreAnswer<StoreSample[]>> {
    const time = atMs === undefined ? {} : { time: seconds(atMs) };
    return this.#ask('query', { query: expression, ...time, ...FRESH }, vectorOf, signal);
  }

  /** The samples that the store has, as they are. @param selection series over a time before `atMs`: `up{job="a"}[5m]` */
  async samples(selection: string, atMs: number, signal?: AbortSignal): Promise<StoreAnswer<StoreSeries[]>> {
    return this.#ask('query', { query: selection, time: seconds(atMs), ...FRESH }, matrixOf, signal);
  }

  /** The series of an expression over time. */
  async queryRange(
    expression: string,
    { fromMs, toMs, stepMs }: StoreRange,
    signal?: AbortSignal,
  ): Promise<StoreAnswer<StoreSeries[]>> {
    const times = { start: seconds(fromMs), end: seconds(toMs), step: seconds(stepMs) };
    return this.#ask('query_range', { query: expression, ...times, ...FRESH }, matrixOf, signal);
  }

  /** Values of a label, of the series that one of the selectors matches; of all without one. */
  async labelValues(
    label: string,
    { match = [], fromMs, toMs }: { match?: readonly string[]; fromMs?: number; toMs?: number } = {},
    signal?: AbortSignal,
  ): Promise<StoreAnswer<string[]>> {
    const times = {
      ...(fromMs !== undefined && { start: seconds(fromMs) }),
      ...(toMs !== undefined && { end: seconds(toMs) }),
    };
    return this.#ask(
      `label/${encodeURIComponent(label)}/values`,
      { 'match[]': match, ...times },
      wordsOf,
      signal,
      'GET',
    );
  }

  /** Any path below `/api/v1`, as the member `data` of the answer: `alerts`. It is the caller who checks its shape. */
  async get(path: string, parameters: StoreParameters = {}, signal?: AbortSignal): Promise<StoreAnswer<unknown>> {
    return this.#ask(path, parameters, (data) => data, signal, 'GET');
  }

  /** @param read undefined for what has another shape. @param method questions are long, and parameters of GET are logged */
  async #ask<T>(
    path: string,
    parameters: StoreParameters,
    read: (data: unknown) => T | undefined,
    signal: AbortSignal | undefined,
    method: 'GET' | 'POST' = 'POST',
  ): Promise<StoreAnswer<T>> {
    const { timeoutMs = DEFAULTS.timeoutMs } = this.#target;
    const form = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters))
      for (const one of typeof value === 'string' ? [value] : (value ?? [])) form.append(name, one);
    if (method === 'POST') form.set('timeout', `${Math.max(timeoutMs - SPARE_MS, 1)}ms`);
    const query = method === 'GET' && form.size > 0 ? `?${form}` : '';
    const text = await this.#text(`${this.#base}/api/v1/${path}${query}`, method, form, signal);
    const { data, warnings } = envelopeOf(text) ?? {};
    const found = data === undefined ? undefined : read(data);
    if (found === undefined)
      throw this.#error('broken', "answers something else than Prometheus' API does: is the URL right?");
    return { data: found, warnings: this.#warnings(warnings) };
  }

  async #text(
    url: string,
    method: 'GET' | 'POST',
    form: URLSearchParams,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { headers, version, timeoutMs = DEFAULTS.timeoutMs, maxBytes = DEFAULTS.maxBytes } = this.#target;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, {
        method,
        headers: { accept: 'application/json', 'user-agent': `socklens/${version}`, ...headers },
        redirect: 'manual',
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
        ...(method === 'POST' && { body: form }),
      });
      const bytes = await beginningOf(response, maxBytes + 1);
      if (!response.ok) throw this.#refusal(response, bytes.toString('utf8'));
      if (bytes.length > maxBytes)
        throw this.#error('refused', `answers more than ${Math.round(maxBytes / 2 ** 20)} MB: ask for less`);
      return bytes.toString('utf8');
    } catch (error) {
      if (error instanceof StoreError) throw error;
      signal?.throwIfAborted();
      if (timeout.aborted) throw this.#error('slow', `did not answer within ${timeoutMs / 1000} s`);
      throw this.#error('down', `does not answer: ${connectionReason(error)}`);
    }
  }

  /** What a status other than 200 means. */
  #refusal({ status, headers }: Response, text: string): StoreError {
    const said = saidText(errorOf(text), this.#secrets, SAID_CHARACTERS);
    const words = said === '' ? '' : `: ${said}`;
    const afterMs = retryAfterOf(headers.get('retry-after'));
    if (status >= 300 && status < 400)
      return this.#error('broken', `redirects (${status}), which is not followed: write the address it leads to`);
    if (status === 401 || status === 403)
      return this.#error('unauthorized', `refuses the credentials (${status})${words}`);
    if (status === 429 || status === 503) return this.#error('busy', `is busy (${status})${words}`, afterMs);
    if (status === 404) return this.#error('broken', 'has no Prometheus API at this path (404): is the URL right?');
    if (status === 400 || status === 413 || status === 422)
      return this.#error('refused', `refused the question (${status})${words}`);
    return this.#error('broken', `failed (${status})${words}`, afterMs);
  }

  #warnings(warnings: readonly string[] | undefined): string[] {
    return (warnings ?? []).slice(0, MOST_WARNINGS).map((text) => saidText(text, this.#secrets, SAID_CHARACTERS));
  }

  get #secrets(): string[] {
    // An engine may repeat the header, or what follows its first word. A tenant called 1 is no secret.
    const values = Object.values(this.#target.headers).flatMap((value) => [value, value.replace(/^\S+\s+/, '')]);
    return values.filter((value) => value.length >= SHORTEST_SECRET);
  }

  #error(fault: StoreFault, text: string, retryAfterMs?: number): StoreError {
    return new StoreError(fault, `the store ${this.host} ${text}`, retryAfterMs);
  }
}

/** VictoriaMetrics answers from its cache without this, which samples that came late are missing in; others ignore it. */
const FRESH = { nocache: '1' };

/** Times and steps are seconds, with fractions. */
function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** The parts of an answer; undefined for what is none, or says that it failed. */
function envelopeOf(text: string): { data: unknown; warnings: string[] } | undefined {
  const answer = jsonOf(text);
  if (answer?.status !== 'success') return undefined;
  const { data, warnings, isPartial } = answer;
  const told = Array.isArray(warnings) ? warnings.filter((warning) => typeof warning === 'string') : [];
  // A cluster of VictoriaMetrics says it so.
  if (isPartial === true) told.push('the answer is partial: some of its storage nodes did not answer');
  return { data: data ?? [], warnings: told };
}

/** What an answer says of its error; its text where it is no JSON. */
function errorOf(text: string): string {
  const { error, errorType } = jsonOf(text) ?? {};
  if (typeof error !== 'string') return text;
  return typeof errorType === 'string' && !error.startsWith(errorType) ? `${errorType}: ${error}` : error;
}

function jsonOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed = JSON.parse(text) as unknown;
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
