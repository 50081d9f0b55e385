import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../../model/failure.ts';
import { deepTruncated, type ExternalAddresses } from '../kept/external-addresses.ts';
import { writePrivate } from '../kept/private-file.ts';
import type { AlertsAnswer, ServedProblem } from '../protocol.ts';
import { type Alert, alertOf } from './alert.ts';
import { explainedBy } from './explained.ts';
import type { Outcome } from './post.ts';
import type { Receiver } from './receiver.ts';
import { Sender } from './sender.ts';
import { type ToldState, toldJson, toldOf } from './told-state.ts';

/** What is known of the senders of an earlier process. */
const FILE = 'alerts.json';

/** What alerts need of `serve`. */
export interface AlertsOptions {
  /** The data folder. */
  data: string;
  /** Name of this machine. */
  host: string;
  externalAddresses: ExternalAddresses;
  receivers: readonly Receiver[];
}

/** Sends problems to every receiver. What they were told is in the data folder, and a restart does not repeat it. */
export class Alerts {
  /** Address of the page in links, without a slash at its end. */
  pageUrl = '';
  externalAddresses: ExternalAddresses;
  /** Called with what became of each message: `sent`, `failed`, `refused`. */
  onOutcome: ((receiver: string, result: Outcome['kind']) => void) | undefined;
  readonly #file: string;
  readonly #host: string;
  readonly #senders = new Map<string, Sender>();
  /** Of receivers that are not configured now, too: they may come back. */
  readonly #states: Map<string, ToldState>;
  /** Ids of incidents by the id of their problem. */
  readonly #incidents: Map<string, string>;
  #notKept: string | undefined;

  constructor({ data, host, externalAddresses, receivers }: AlertsOptions) {
    this.#file = path.join(data, FILE);
    this.#host = host;
    this.externalAddresses = externalAddresses;
    const kept = readKept(this.#file);
    this.#states = kept.states;
    this.#incidents = kept.incidents;
    this.configure(receivers);
  }

  /** Uses these receivers from now on. */
  configure(receivers: readonly Receiver[]): void {
    const known = new Map(this.#senders);
    this.#senders.clear();
    for (const receiver of receivers) {
      const before = known.get(receiver.name);
      if (before?.receiver.type === receiver.type) {
        known.delete(receiver.name);
        before.receiver = receiver;
        this.#senders.set(receiver.name, before);
        continue;
      }
      this.#senders.set(receiver.name, this.#sender(receiver));
    }
    for (const sender of known.values()) void sender.close();
  }

  /** How each receiver is. */
  get answer(): AlertsAnswer {
    return { receivers: [...this.#senders.values()].map(({ answer }) => answer) };
  }

  /** What is wrong, in sentences. */
  get faults(): string[] {
    const faults = [...this.#senders.values()].flatMap(({ fault }) => fault ?? []);
    return this.#notKept === undefined ? faults : [...faults, this.#notKept];
  }

  /** Notes which incident was kept of the beginning of a problem. */
  noteIncident(problem: string, incident: string): void {
    this.#incidents.set(problem, incident);
  }

  /** Takes what a judgement found: problems that hold, the worst first, then resolved ones. */
  judged(problems: readonly ServedProblem[]): void {
    const present = new Set(problems.map(({ id }) => id));
    for (const id of this.#incidents.keys()) if (!present.has(id)) this.#incidents.delete(id);
    if (this.#senders.size === 0) return;
    const shown = this.externalAddresses === 'truncate' ? deepTruncated(problems) : problems;
    const explained = explainedBy(shown);
    const all = shown.map((problem) => ({
      problem,
      alert: this.alertOf(problem),
      explainedBy: explained.get(problem.id),
    }));
    const nowMs = Date.now();
    for (const sender of this.#senders.values()) sender.judge(all, nowMs);
  }

  /** A problem as it is sent. */
  alertOf(problem: ServedProblem): Alert {
    const shown = this.externalAddresses === 'truncate' ? deepTruncated(problem) : problem;
    const incident = this.#incidents.get(problem.id);
    return alertOf(shown, { host: this.#host, pageUrl: this.pageUrl, incident });
  }

  /** Waits for what is being sent. */
  async close(): Promise<void> {
    await Promise.all([...this.#senders.values()].map((sender) => sender.close()));
  }

  #sender(receiver: Receiver): Sender {
    const key = `${receiver.type} ${receiver.name}`;
    const state = this.#states.get(key) ?? new Map();
    this.#states.set(key, state);
    const alerts = this;
    const context = {
      host: this.#host,
      get pageUrl() {
        return alerts.pageUrl;
      },
      onSent: () => this.#save(),
      onOutcome: (result: Outcome['kind']) => this.onOutcome?.(receiver.name, result),
    };
    return new Sender(receiver, context, state);
  }

  #save(): void {
    const states = [...this.#states].filter(([, state]) => state.size > 0);
    const kept = {
      receivers: Object.fromEntries(states.map(([key, state]) => [key, toldJson(state)])),
      incidents: Object.fromEntries(this.#incidents),
    };
    try {
      writePrivate(this.#file, `${JSON.stringify(kept)}\n`);
      this.#notKept = undefined;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#notKept = `a restart will send alerts again: ${error.message}`;
    }
  }
}

/** Nothing for a file that is missing or damaged. */
function readKept(file: string): { states: Map<string, ToldState>; incidents: Map<string, string> } {
  let json: { receivers?: unknown; incidents?: unknown } = {};
  try {
    json = (JSON.parse(fs.readFileSync(file, 'utf8')) ?? {}) as typeof json;
  } catch {
    // The first start, or a disk that was full.
  }
  const { receivers, incidents } = json;
  return {
    states: new Map(Object.entries(receivers ?? {}).map(([key, state]) => [key, toldOf(state)])),
    incidents: new Map(
      Object.entries(incidents ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
  };
}
