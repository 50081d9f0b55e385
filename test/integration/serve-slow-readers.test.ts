/** Browsers that read the live stream of `socklens serve` slower than it comes. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { afterEach, expect, it } from 'vitest';
import type { OverviewAnswer } from '../../src/serve/protocol.ts';
import { until } from '../support/netns.ts';
import { type ServeRun, startServe } from '../support/page/serve.ts';

/** Rows make a tick large: more than what the kernel holds for a reader is sent in some ticks. */
const NAMESPACES = 200;
const SLOW_READERS = 20;
/** What a reader that keeps up is sent while the others do not, bytes: with what the kernel holds for each, 6 MB at most, unread. */
const SENT = 16_000_000;
/** Of what serve may grow by, bytes; it would be more than 200 MB if what they lack were kept for them. */
const GROWTH = 100_000_000;
const LONGEST_MS = 300_000;

let serve: ServeRun | undefined;
let made: string[] = [];
let open: http.ClientRequest[] = [];

afterEach(async () => {
  for (const request of open) request.destroy();
  open = [];
  await serve?.stop();
  serve = undefined;
  batch(made.map((name) => `netns delete ${name}`));
  made = [];
});

function batch(lines: readonly string[]): void {
  execFileSync('ip', ['-force', '-batch', '-'], { input: `${lines.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
}

/** Resident memory of a process, bytes, proc_pid_status(5). */
function resident(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** Reads events as they come; each of them must be whole. */
class StreamReader {
  bytes = 0;
  lastId = 0;
  /** Of the last tick, milliseconds since the epoch. */
  tickAtMs = 0;
  isOver = false;
  readonly faults: string[] = [];
  #response: http.IncomingMessage | undefined;
  #rest = '';
  readonly #run: ServeRun;

  constructor(run: ServeRun) {
    this.#run = run;
  }

  /** Opens the stream, after what it has had already. */
  async open(): Promise<void> {
    this.isOver = false;
    this.#rest = '';
    const headers = {
      authorization: `Bearer ${this.#run.token}`,
      ...(this.lastId > 0 && { 'last-event-id': String(this.lastId) }),
    };
    this.#response = await new Promise((resolve, reject) => {
      const request = http.get(`${this.#run.origin}/api/v1/stream`, { agent: false, headers }, resolve);
      request.on('error', reject);
      open.push(request);
    });
    // What closes it ends it for a browser too.
    for (const end of ['end', 'error', 'close']) this.#response?.on(end, () => (this.isOver = true));
  }

  /** Reads some bytes of what has come. */
  sip(bytes: number): void {
    this.#take((this.#response?.read(bytes) ?? this.#response?.read()) as Buffer | null | undefined);
  }

  /** Reads all from now on. */
  flow(): void {
    this.#response?.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  #take(chunk: Buffer | null | undefined): void {
    if (chunk == null) return;
    this.bytes += chunk.length;
    const parts = (this.#rest + chunk.toString('latin1')).split('\n\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) this.#event(part);
  }

  #event(text: string): void {
    if (text === ': still here') return;
    const [, kind, id, data = ''] = /^event: (\w+)\nid: (\d+)\ndata: (.*)$/.exec(text) ?? [];
    if (kind === undefined || Number(id) <= this.lastId) {
      this.faults.push(text.slice(0, 200));
      return;
    }
    this.lastId = Number(id);
    try {
      const { atMs } = JSON.parse(data) as { atMs?: number };
      if (kind === 'tick') this.tickAtMs = atMs ?? 0;
    } catch (error) {
      this.faults.push(String(error));
    }
  }
}

it('who reads some bytes a second gets whole events and then the latest, costs no memory, and delays nobody', async () => {
  made = Array.from({ length: NAMESPACES }, (_, index) => `slslow-${process.pid}-${index}`);
  batch(made.map((name) => `netns add ${name}`));
  const run = await startServe(['--all', '--interval', '100ms']);
  serve = run;
  await until(
    'all rows',
    async () => {
      const answer = (await run.ask('overview').catch(() => undefined)) as OverviewAnswer | undefined;
      const names = new Set(answer?.rows.map(({ name }) => name));
      return made.every((name) => names.has(`netns:${name}`));
    },
    LONGEST_MS,
  );
  const slow = Array.from({ length: SLOW_READERS }, () => new StreamReader(run));
  const fast = new StreamReader(run);
  for (const reader of [fast, ...slow]) await reader.open();
  fast.flow();
  const before = resident(run.pid);
  const sips = setInterval(() => {
    for (const reader of slow) if (!reader.isOver) reader.sip(50);
  }, 1000);
  try {
    await until('much more than they can take', () => fast.bytes > SENT, LONGEST_MS);
    expect(resident(run.pid) - before).toBeLessThan(GROWTH);
    const now = Date.now();
    await until('a tick of now for who reads', () => fast.tickAtMs > now, LONGEST_MS);
  } finally {
    clearInterval(sips);
  }
  for (const { bytes } of slow) expect(bytes).toBeLessThan(fast.bytes / 2);
  const resumedMs = Date.now();
  for (const reader of slow) {
    reader.flow();
    const isUpToDate = await until(
      'the latest tick, or the end of the stream',
      () => (reader.tickAtMs > resumedMs ? 'yes' : reader.isOver && 'no'),
      LONGEST_MS,
    );
    if (isUpToDate === 'yes') continue;
    // It was dropped: as a browser does, it comes again and says what it has.
    await reader.open();
    reader.flow();
    await until('the latest tick, again', () => reader.tickAtMs > resumedMs, LONGEST_MS);
  }
  expect([fast, ...slow].flatMap(({ faults }) => faults)).toEqual([]);
}, 900_000);
