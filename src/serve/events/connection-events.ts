import { parseFilter } from '../../filter/parse.ts';
import type { History } from '../../history/history.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import { type ConnectionEvent, EVENT_KINDS } from '../../model/socket/connection-event.ts';
import { eventsOfColumns } from '../../sources/recorded/kept-events.ts';
import type { Tick } from '../../sources/sample-source.ts';
import type { ConnectionsAnswer, EventMark, ServedConnection } from '../protocol/connections.ts';
import { zeros } from './event-sample.ts';
import { type BindingSource, EventTap, NetnsTests, servedOf } from './event-tap.ts';

/** Parts of ten seconds that a question reads at most. */
const MOST_PARTS = 1000;
/** Events, and marks between them, of an answer. */
const MOST_EVENTS = 2000;
const MOST_MARKS = 500;

const MARK_KINDS = ['started', 'stopped', 'restarted', 'renamed', 'problem'] as const;

/** The events of connections: live for pages that show them, and as they are stored. Without such a page they cost nothing. */
export class ConnectionEvents {
  readonly #source: BindingSource;
  readonly #history: Pick<History, 'connections' | 'events'> | undefined;
  readonly #taps = new Set<EventTap>();
  #namespaces: readonly WatchedNetns[] = [];

  constructor(source: BindingSource, history: Pick<History, 'connections' | 'events'> | undefined) {
    this.#source = source;
    this.#history = history;
  }

  event(namespace: WatchedNetns, event: ConnectionEvent): void {
    if (this.#taps.size > 0) for (const tap of this.#taps) tap.event(namespace, event);
  }

  async tick({ namespaces }: Tick): Promise<void> {
    this.#namespaces = namespaces.map(({ namespace }) => namespace);
    for (const tap of this.#taps) await tap.prepare(this.#namespaces);
  }

  /** Tells readers what happened beside connections. */
  mark(marks: readonly EventMark[]): void {
    if (marks.length > 0) for (const tap of this.#taps) tap.mark(marks);
  }

  /** Begins to collect events for a reader. @throws {Failure} `usage` for a filter that cannot be used */
  async open(filter: string): Promise<EventTap> {
    const tap = new EventTap(await this.#testsOf(filter));
    this.#taps.add(tap);
    return tap;
  }

  close(tap: EventTap): void {
    this.#taps.delete(tap);
  }

  /** What is stored of a time. @throws {Failure} `usage` for a filter that cannot be used */
  async stored(filter: string, fromMs: number, toMs: number): Promise<ConnectionsAnswer> {
    const tests = await this.#testsOf(filter);
    const parts = this.#history?.connections({ fromMs, toMs, limit: MOST_PARTS + 1 }) ?? [];
    const counts = zeros();
    const events: ServedConnection[] = [];
    let sampled = 0;
    let isCut = parts.length > MOST_PARTS;
    for (const part of parts.slice(0, MOST_PARTS)) {
      for (const kind of EVENT_KINDS) counts[kind] += part.counts[kind] ?? 0;
      if (events.length >= MOST_EVENTS) {
        isCut = true;
        continue;
      }
      const kept = eventsOfColumns(part.details, part.toMs).filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
      sampled += kept.length;
      const matching = kept.filter((event) => tests?.matchesLater(event.netns, event) ?? true);
      events.push(...matching.map(servedOf).sort((a, b) => b.atMs - a.atMs));
    }
    return { events, counts, sampled, ...(isCut && { isCut }), marks: this.#marks(fromMs, toMs) };
  }

  #marks(fromMs: number, toMs: number): EventMark[] {
    const found = this.#history?.events({ fromMs, toMs, kinds: MARK_KINDS, limit: MOST_MARKS }) ?? [];
    return found.flatMap(({ atMs, kind, container, text, details }): EventMark[] => {
      const known = MARK_KINDS.find((one) => one === kind);
      if (known === undefined) return [];
      const { id } = (details ?? {}) as { id?: string };
      const problem = known === 'problem' && typeof id === 'string' ? { problem: id } : {};
      return [{ atMs, kind: known, text, ...(container !== undefined && { container }), ...problem }];
    });
  }

  async #testsOf(text: string): Promise<NetnsTests | undefined> {
    if (text.trim() === '') return undefined;
    const tests = new NetnsTests(this.#source, parseFilter(text));
    await tests.prepare(this.#namespaces);
    return tests;
  }
}
