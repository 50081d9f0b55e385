import type { ReceiverAnswer, ServedProblem } from '../protocol.ts';
import { FORMATS } from './formats/formats.ts';
import type { Message } from './message.ts';
import { type Outcome, post } from './post.ts';
import { hostOf, type Receiver } from './receiver.ts';
import { type Due, type Judged, Told } from './told.ts';
import type { ToldState } from './told-state.ts';

/** Waits after failures one after the other, milliseconds; the last is that of all further ones. */
const RETRY_MS = [1000, 5000, 30_000, 120_000, 300_000];

/** After so many failures one after the other it is said on the page. */
const SAID_AFTER = 3;

/** What a receiver that groups by itself is told so often, milliseconds. */
const RESEND_MS = 60_000;

/** What a sender needs of the machine and of `serve`. */
export interface SenderContext {
  host: string;
  /** Address of the page, without a slash at its end. */
  pageUrl: string;
  /** Called when something was sent, so that no restart sends it again. */
  onSent(): void;
  /** Called after each attempt. */
  onOutcome(result: Outcome['kind']): void;
}

/** Tells one receiver, one message at a time. */
export class Sender {
  readonly #told: Told;
  readonly #context: SenderContext;
  readonly #stop = new AbortController();
  #receiver: Receiver;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  /** Nothing is sent before, by `performance.now()`: a clock that is set must not silence it. */
  #notBeforeMs = 0;
  #failures = 0;
  #numbers = { sent: 0, failed: 0, refused: 0 };
  #lastSentMs: number | undefined;
  #error: string | undefined;

  /** @param state what it was told by an earlier process */
  constructor(receiver: Receiver, context: SenderContext, state: ToldState) {
    this.#receiver = receiver;
    this.#context = context;
    const groupKey = this.#format.groupsItself ? () => '' : ({ rule }: ServedProblem) => rule;
    this.#told = new Told(this.#timing, groupKey, state);
  }

  get #format() {
    return FORMATS[this.#receiver.type];
  }

  get #timing() {
    if (!this.#format.groupsItself) return this.#receiver;
    return { severity: this.#receiver.severity, waitMs: 0, intervalMs: 0, repeatMs: RESEND_MS };
  }

  get receiver(): Receiver {
    return this.#receiver;
  }

  /** Other settings of the same receiver. What it was told stays; what failed is tried again. */
  set receiver(receiver: Receiver) {
    this.#receiver = receiver;
    this.#told.timing = this.#timing;
    this.#notBeforeMs = 0;
    this.#work();
  }

  get state(): ToldState {
    return this.#told.state;
  }

  /** How it is, for the API. */
  get answer(): ReceiverAnswer {
    const { name, type, severity } = this.#receiver;
    return {
      ...{ name, type, severity, to: hostOf(this.#receiver), ...this.#numbers },
      ...(this.#lastSentMs !== undefined && { lastSentMs: this.#lastSentMs }),
      ...(this.#error !== undefined && { error: this.#error }),
      alerts: this.#told.members.map(({ alert, toldSeverity, endsAtMs }) => ({
        problem: alert.id,
        title: alert.title,
        state: endsAtMs !== undefined ? 'resolved' : toldSeverity === undefined ? 'pending' : 'firing',
      })),
    };
  }

  /** What is wrong with it, as a sentence; undefined while all is well. */
  get fault(): string | undefined {
    if (this.#error === undefined || (this.#failures > 0 && this.#failures < SAID_AFTER)) return undefined;
    return `alerts do not reach ${this.#receiver.name} (${hostOf(this.#receiver)}): ${this.#error}`;
  }

  judge(all: readonly Judged[], nowMs: number): void {
    this.#told.judge(all, nowMs);
    this.#work();
  }

  /** Waits for the answer to what is being sent, and sends nothing more. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.abort();
    await this.#sending;
  }

  /** Sends what is due, and sets the timer for what will be. */
  #work(): void {
    if (this.#sending !== undefined || this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    const nowMs = Date.now();
    const dueMs = this.#told.dueMs(nowMs);
    if (dueMs === undefined) return;
    const waitMs = Math.max(dueMs - nowMs, this.#notBeforeMs - performance.now());
    if (waitMs > 0) {
      this.#timer = setTimeout(() => this.#work(), Math.min(Math.ceil(waitMs), MAX_WAIT_MS)).unref();
      return;
    }
    const due = this.#told.next(nowMs);
    if (due === undefined) return;
    this.#sending = this.#send(due, nowMs).then(() => {
      this.#sending = undefined;
      this.#work();
    });
  }

  async #send(due: Due, nowMs: number): Promise<void> {
    const { host, pageUrl, onSent, onOutcome } = this.#context;
    const { alertname } = due.alerts[0]?.alert.labels ?? {};
    const message: Message = {
      ...{ host, pageUrl, alerts: due.alerts, atMs: nowMs, repeatMs: this.#timing.repeatMs },
      groupLabels: { ...(alertname !== undefined && { alertname }), host },
    };
    const outcome = await sendMessage(this.#receiver, message, NEVER_ABORTED);
    const doneMs = Date.now();
    onOutcome(outcome.kind);
    this.#notBeforeMs = performance.now() + this.#format.paceMs;
    if (outcome.kind === 'failed') {
      const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? 0;
      this.#notBeforeMs = performance.now() + Math.max(wait, outcome.retryAfterMs ?? 0);
      this.#failures++;
      this.#numbers.failed++;
      this.#error = outcome.reason;
      return;
    }
    this.#failures = 0;
    // What is refused would be refused again.
    due.sent(doneMs);
    if (outcome.kind === 'sent') {
      this.#numbers.sent++;
      this.#lastSentMs = doneMs;
      this.#error = undefined;
    } else {
      this.#numbers.refused++;
      this.#error = `it refused a message: ${outcome.reason}`;
    }
    onSent();
  }
}

/** What is being sent is waited for: whether it arrived would not be known otherwise. */
const NEVER_ABORTED = new AbortController().signal;

/** The longest timer, milliseconds: its receiver may ask for an hour at most. */
const MAX_WAIT_MS = 3_600_000;

/** Sends a message to a receiver, once. */
export function sendMessage(receiver: Receiver, message: Message, signal: AbortSignal): Promise<Outcome> {
  const { url, body } = FORMATS[receiver.type].post(receiver, message);
  const { authorization } = receiver;
  const { pathname, search, username, password } = new URL(receiver.url);
  const request = {
    url,
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'socklens',
      ...(authorization !== undefined && { Authorization: authorization }),
    },
    body: JSON.stringify(body),
    secrets: [receiver.url, authorization ?? '', pathname.length > 1 ? pathname : '', search, username, password],
  };
  return post(request, signal);
}
