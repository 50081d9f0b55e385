import type { Filter } from '../../filter/syntax.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { TopData, TopRow } from '../../model/report/top-rows.ts';
import { TargetNotes } from '../../model/sample/target-notes.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import { type SnapshotTest, testsOverTime } from '../../queries/filter-tests.ts';
import { identitiesOf, NetnsRows } from '../../queries/rows/netns-rows.ts';
import { OpenedRow, type OpenedSnapshot, openedSockets } from '../../queries/rows/opened-row.ts';
import type { NetnsTick, SampleSource, SocketSnapshot, Tick } from '../../sources/sample-source.ts';
import type { TopState } from './view/state.ts';

/** How long a note stays on the screen. */
const NOTE_MS = 10_000;

/** Turns ticks into the rows, peers and sockets that the screen shows. */
export class TopDataBuilder {
  readonly #source: SampleSource;
  readonly #namespaces = new Map<number, NetnsRows>();
  readonly #tests = new Map<number, SnapshotTest | undefined>();
  #filter: Filter;
  #rows: TopRow[] = [];
  #tick: Tick | undefined;
  #opened: { id: string; row: OpenedRow; snapshot: OpenedSnapshot | undefined } | undefined;
  #isNew = false;
  #recent: { text: string; untilMs: number } | undefined;

  constructor(source: SampleSource, filter: Filter) {
    this.#source = source;
    this.#filter = filter;
  }

  /** Whether there is no filter. */
  get showsAll(): boolean {
    return this.#filter.tree === undefined;
  }

  /** The namespace of a row, which is not shown while it has no sockets; undefined when there is no such row. */
  netnsOf(id: string | undefined): number | undefined {
    if (id === undefined) return undefined;
    return this.#tick?.namespaces.find(({ namespace }) => identitiesOf(namespace).some((row) => row.id === id))
      ?.namespace.netns;
  }

  /** Id of the row that TARGET names; undefined when it names several. */
  onlyRow(): string | undefined {
    const [namespace, ...others] = this.#tick?.namespaces ?? [];
    if (namespace === undefined || others.length > 0) return undefined;
    const own = this.#rows.filter(({ name }) => namespace.namespace.targets.includes(name));
    return (own.length === 1 ? own : this.#rows).length === 1 ? (own[0] ?? this.#rows[0])?.id : undefined;
  }

  /** Changes the filter from the next tick on; counts so far are discarded. */
  setFilter(filter: Filter): void {
    this.#filter = filter;
    this.#tests.clear();
    for (const namespace of this.#namespaces.values()) namespace.forget();
    this.#opened = undefined;
  }

  /**
   * Takes a tick.
   *
   * @throws {Failure} `usage` for an unknown name in the filter
   */
  async take(tick: Tick, state: TopState): Promise<void> {
    const rows: TopRow[] = [];
    const present = new Set<number>();
    for (const netnsTick of tick.namespaces) {
      const { netns } = netnsTick.namespace;
      present.add(netns);
      rows.push(...this.#namespace(netns).rows(netnsTick, tick, await this.#test(netnsTick.namespace)));
    }
    for (const netns of this.#namespaces.keys()) {
      if (present.has(netns)) continue;
      this.#namespaces.delete(netns);
      this.#tests.delete(netns);
    }
    this.#rows = rows;
    this.#tick = tick;
    this.#remember(tick);
    this.#takeOpened(tick, state);
  }

  /** Counts a connection event. */
  event(namespace: WatchedNetns, event: ConnectionEvent): void {
    this.#namespaces.get(namespace.netns)?.event(namespace, event);
  }

  /** The data for the current state of the screen. */
  data(state: TopState): TopData {
    const atMs = this.#tick?.atMs ?? Date.now();
    const isReading = this.#tick === undefined;
    const base: TopData = { atMs, rows: this.#rows, note: this.#note(atMs), ...(isReading && { isReading }) };
    const opened = this.#opened;
    if (opened === undefined || opened.id !== state.opened || opened.snapshot === undefined) return base;
    const peers = opened.row.peers(opened.snapshot, this.#isNew);
    this.#isNew = false;
    if (state.level !== 'sockets') return { ...base, peers };
    const { sockets, more } = openedSockets(opened.snapshot, state.peer);
    return { ...base, peers, sockets, moreSockets: more };
  }

  #takeOpened(tick: Tick, { opened: id }: TopState): void {
    if (id === undefined) {
      this.#opened = undefined;
      return;
    }
    if (this.#opened?.id !== id) this.#opened = { id, row: new OpenedRow(), snapshot: undefined };
    const found = tick.namespaces.find(({ namespace }) => identitiesOf(namespace).some((row) => row.id === id));
    if (found?.snapshot === undefined) return;
    this.#opened.snapshot = this.#openedSnapshot(found, found.snapshot, tick, id);
    this.#isNew = true;
  }

  #openedSnapshot({ namespace }: NetnsTick, snapshot: SocketSnapshot, { names }: Tick, opened: string): OpenedSnapshot {
    const owner = identitiesOf(namespace).find(({ id }) => id === opened)?.owner;
    return { namespace, snapshot, names, owner, test: this.#tests.get(namespace.netns) };
  }

  #namespace(netns: number): NetnsRows {
    const known = this.#namespaces.get(netns) ?? new NetnsRows();
    this.#namespaces.set(netns, known);
    return known;
  }

  async #test(namespace: WatchedNetns): Promise<SnapshotTest | undefined> {
    if (this.#filter.tree === undefined) return undefined;
    if (!this.#tests.has(namespace.netns)) {
      const bound = await this.#source.bind(namespace, this.#filter);
      const tests = bound === undefined ? undefined : testsOverTime(bound, this.#source);
      this.#tests.set(namespace.netns, tests?.snapshot);
    }
    return this.#tests.get(namespace.netns);
  }

  #remember({ atMs, notes, namespaces }: Tick): void {
    const ofTargets = new TargetNotes();
    for (const { namespace, snapshot } of namespaces) ofTargets.add(namespace.name, snapshot?.coverage.notes ?? []);
    const texts = [...notes, ...ofTargets.lines()];
    if (texts.length > 0) this.#recent = { text: [...new Set(texts)].join('; '), untilMs: atMs + NOTE_MS };
  }

  #note(atMs: number): string | undefined {
    const budget = this.#tick?.budget;
    const stretched = budget?.stretched ? 'refresh slowed down to stay within the CPU budget' : undefined;
    const recent = this.#recent !== undefined && this.#recent.untilMs > atMs ? this.#recent.text : undefined;
    const parts = [stretched, recent].filter((part) => part !== undefined);
    return parts.length > 0 ? parts.join('; ') : undefined;
  }
}
