import type { Hono } from 'hono';
import { VerbRunner } from '../../../src/serve/api/verb-runner.ts';
import { COLLECTOR_ALONE, Collector } from '../../../src/serve/collector/collector.ts';
import { ConnectionEvents } from '../../../src/serve/events/connection-events.ts';
import { createApp } from '../../../src/serve/http/app.ts';
import type { AppParts } from '../../../src/serve/http/app-parts.ts';
import { Streams } from '../../../src/serve/http/streams.ts';
import type { SampleSource, Tick } from '../../../src/sources/sample-source.ts';

export const TOKEN = 'dGhpcyBpcyB0aGUgdG9rZW4';

/** The routes of `serve` over a machine without containers, whose ticks come when the test makes them. */
export class TestApp {
  readonly app: Hono;
  readonly streams = new Streams();
  readonly collector: Collector;
  readonly events: ConnectionEvents;
  readonly errors: unknown[] = [];
  #next: ((tick: Tick | undefined) => void) | undefined;
  readonly #running: Promise<void>;

  constructor(parts: Partial<AppParts> = {}) {
    const source = {
      intervalMs: 1000,
      startedAtMs: 0,
      eventSource: undefined,
      next: () => new Promise((resolve) => (this.#next = resolve)),
      details: async () => ({ declared: new Map(), runtimeProcesses: [] }),
      close: () => {},
    } as unknown as SampleSource;
    this.collector = new Collector(source, [], {
      host: { name: 'vm', kernel: '6.1' },
      version: '1.2.3',
      ...COLLECTOR_ALONE,
      streams: () => this.streams.count,
    });
    this.events = new ConnectionEvents(source, undefined);
    this.collector.onTick((answer) => this.streams.send('tick', () => answer, false));
    this.#running = this.collector.run(new AbortController().signal);
    this.app = createApp({
      access: { token: TOKEN, hosts: new Set(['10.1.2.3']), anyAddress: false },
      session: { protocol: 1, version: '1.2.3', host: 'vm', actions: false, history: false, hosts: 'none' },
      files: new Map([['', { type: 'text/html', bytes: Buffer.from('<p>the page</p>'), isImmutable: false }]]),
      collector: this.collector,
      streams: this.streams,
      metrics: { text: () => undefined },
      discovery: { hosts: [] },
      metricsAccess: { token: undefined, isOpen: false, isLoopback: true },
      events: this.events,
      doctor: {
        answer: {
          ...{ atMs: 0, problems: [], rules: [], windowMs: 60_000, everyMs: 10_000 },
          ...{ ignored: [], configFile: '/etc/socklens/socklens.toml' },
        },
        problem: () => undefined,
      },
      history: undefined,
      storedValues: undefined,
      latestEdges: () => undefined,
      recorder: undefined,
      alerts: undefined,
      actions: false,
      fleet: undefined,
      runner: new VerbRunner(async (args) => ({ status: 0, out: JSON.stringify(args), err: '' })),
      onError: (error) => this.errors.push(error),
      ...parts,
    });
  }

  /** Has the machine sampled once. */
  async tick(atMs: number, more: Partial<Tick> = {}): Promise<void> {
    const told = new Promise<void>((resolve) => {
      const stop = this.collector.onTick(() => {
        stop();
        resolve();
      });
    });
    const tick: Partial<Tick> = { atMs, namespaces: [], containers: [], notes: [], ...more };
    // The collector asks for the next tick when it is done with this one.
    while (this.#next === undefined) await new Promise(setImmediate);
    const next = this.#next;
    this.#next = undefined;
    next(tick as Tick);
    await told;
  }

  async close(): Promise<void> {
    this.#next?.(undefined);
    await this.#running;
  }

  /** Asks with the token and the name of this machine. */
  get(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Response> {
    const own = { host: 'localhost:7077', authorization: `Bearer ${TOKEN}` };
    return Promise.resolve(this.app.request(path, { method, headers: { ...own, ...headers } }));
  }
}
