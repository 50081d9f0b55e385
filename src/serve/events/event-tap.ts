import type { Filter } from '../../filter/syntax.ts';
import { Failure } from '../../model/failure.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import { type EventTest, eventTest } from '../../queries/filter-tests.ts';
import type { SampleSource } from '../../sources/sample-source.ts';
import type { EventBatch, EventMark, ServedConnection } from '../protocol/connections.ts';
import { EventSample } from './event-sample.ts';

/** Events of a batch: of those that ended badly, and of the others. */
const MOST_EVENTS = 150;

/** Marks that wait at most. */
const MOST_MARKS = 200;

/** What a source must know for a filter. */
export type BindingSource = Pick<SampleSource, 'bind' | 'isNamed' | 'knowledge'>;

/** Tests of one filter for events, by namespace. */
export class NetnsTests {
  readonly #source: BindingSource;
  readonly #filter: Filter;
  readonly #tests = new Map<number, EventTest | undefined>();

  constructor(source: BindingSource, filter: Filter) {
    this.#source = source;
    this.#filter = filter;
  }

  /**
   * Looks the filter's names up in namespaces where that was not done yet.
   *
   * @throws {Failure} `usage` for an unknown name, and for a keyword that events cannot decide
   */
  async prepare(namespaces: readonly WatchedNetns[]): Promise<void> {
    const present = new Set(namespaces.map(({ netns }) => netns));
    for (const netns of this.#tests.keys()) if (!present.has(netns)) this.#tests.delete(netns);
    for (const namespace of namespaces) {
      if (this.#tests.has(namespace.netns)) continue;
      try {
        const bound = await this.#source.bind(namespace, this.#filter);
        this.#tests.set(namespace.netns, bound && eventTest(bound, this.#source));
      } catch (error) {
        // It stopped meanwhile.
        if (!(error instanceof Failure) || error.kind !== 'no-target') throw error;
      }
    }
  }

  /** Whether an event matches; undefined where the filter was not looked up in its namespace. */
  matches(netns: number, event: ConnectionEvent): boolean | undefined {
    return this.#tests.has(netns) ? (this.#tests.get(netns)?.(event) ?? true) : undefined;
  }

  /** As {@link matches}; of a namespace that is gone by the names of another one. */
  matchesLater(netns: number, event: ConnectionEvent): boolean {
    const test = this.#tests.has(netns) ? this.#tests.get(netns) : [...this.#tests.values()][0];
    return test?.(event) ?? true;
  }
}

/** The events of one reader, from batch to batch. However many there are, what waits is bounded. */
export class EventTap {
  readonly #tests: NetnsTests | undefined;
  readonly #sample = new EventSample(MOST_EVENTS, servedOf);
  #marks: EventMark[] = [];
  #undecided = 0;

  /** @param tests undefined for all events */
  constructor(tests: NetnsTests | undefined) {
    this.#tests = tests;
  }

  event({ netns }: WatchedNetns, event: ConnectionEvent): void {
    const matches = this.#tests === undefined ? true : this.#tests.matches(netns, event);
    if (matches === true) this.#sample.add(event);
    else if (matches === undefined) this.#undecided++;
  }

  mark(marks: readonly EventMark[]): void {
    this.#marks = [...this.#marks, ...marks].slice(-MOST_MARKS);
  }

  /** Prepares for the namespaces of a tick. */
  async prepare(namespaces: readonly WatchedNetns[]): Promise<void> {
    try {
      await this.#tests?.prepare(namespaces);
    } catch (error) {
      // A name that is known elsewhere means nothing there: its events stay undecided, which the batch says.
      if (!(error instanceof Failure)) throw error;
    }
  }

  /** What came since the last time. */
  take(atMs: number): EventBatch {
    const { kept, counts, seconds } = this.#sample.take();
    const marks = this.#marks;
    const undecided = this.#undecided;
    this.#marks = [];
    this.#undecided = 0;
    return { atMs, counts, seconds, events: kept, marks, ...(undecided > 0 && { undecided }) };
  }
}

/** An event as it is answered. */
export function servedOf(event: ConnectionEvent): ServedConnection {
  const { at: _, ...row } = event.row();
  return { ...row, atMs: event.atMs };
}
