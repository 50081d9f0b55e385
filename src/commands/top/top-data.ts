import type { Filter } from '../../filter/syntax.ts';
import type { WatchedSpace } from '../../model/netns/netns.ts';
import type { TopData, TopRow } from '../../model/report/top-rows.ts';
import { type LookTest, testsOverTime } from '../../queries/filter-tests.ts';
import type { SampleSource, SpaceLook, SpaceTick, Tick } from '../../sources/sample-source.ts';
import { partiesOf, SpaceRows } from './netns-rows.ts';
import { type OpenedLook, OpenedRow, openedSockets } from './opened-row.ts';
import type { TopState } from './view/state.ts';

/** How long a note stays on the screen. */
const NOTE_MS = 10_000;

/** Turns ticks into the rows, peers and sockets that the screen shows. */
export class TopDataKeeper {
  readonly #source: SampleSource;
  readonly #spaces = new Map<number, SpaceRows>();
  readonly #tests = new Map<number, LookTest | undefined>();
  #filter: Filter;
  #rows: TopRow[] = [];
  #tick: Tick | undefined;
  #opened: { id: string; row: OpenedRow; look: OpenedLook | undefined } | undefined;
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

  /** The namespace of a row; undefined when there is no such row. */
  netnsOf(id: string | undefined): number | undefined {
    return this.#rows.find((row) => row.id === id)?.netns;
  }

  /** Id of the row that TARGET names; undefined when it names several. */
  onlyRow(): string | undefined {
    const [space, ...others] = this.#tick?.spaces ?? [];
    if (space === undefined || others.length > 0) return undefined;
    const own = this.#rows.filter(({ name }) => space.space.targets.includes(name));
    return (own.length === 1 ? own : this.#rows).length === 1 ? (own[0] ?? this.#rows[0])?.id : undefined;
  }

  /** Changes the filter from the next tick on; counts so far are forgotten. */
  setFilter(filter: Filter): void {
    this.#filter = filter;
    this.#tests.clear();
    for (const space of this.#spaces.values()) space.forget();
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
    for (const spaceTick of tick.spaces) {
      const { netns } = spaceTick.space;
      present.add(netns);
      rows.push(...this.#space(netns).rows(spaceTick, tick, await this.#test(spaceTick.space)));
    }
    for (const netns of this.#spaces.keys()) {
      if (present.has(netns)) continue;
      this.#spaces.delete(netns);
      this.#tests.delete(netns);
    }
    this.#rows = rows;
    this.#tick = tick;
    this.#remember(tick);
    this.#takeOpened(tick, state);
  }

  /** The data for the current state of the screen. */
  data(state: TopState): TopData {
    const atMs = this.#tick?.atMs ?? Date.now();
    const base: TopData = { atMs, rows: this.#rows, note: this.#note(atMs) };
    const opened = this.#opened;
    if (opened === undefined || opened.id !== state.opened || opened.look === undefined) return base;
    const peers = opened.row.peers(opened.look, this.#isNew);
    this.#isNew = false;
    if (state.level !== 'sockets') return { ...base, peers };
    const { sockets, more } = openedSockets(opened.look, state.peer);
    return { ...base, peers, sockets, moreSockets: more };
  }

  #takeOpened(tick: Tick, { opened: id }: TopState): void {
    if (id === undefined) {
      this.#opened = undefined;
      return;
    }
    if (this.#opened?.id !== id) this.#opened = { id, row: new OpenedRow(), look: undefined };
    const found = tick.spaces.find(({ space }) => partiesOf(space).some((party) => party.id === id));
    if (found?.look === undefined) return;
    this.#opened.look = this.#openedLook(found, found.look, tick, id);
    this.#isNew = true;
  }

  #openedLook({ space }: SpaceTick, look: SpaceLook, { names }: Tick, opened: string): OpenedLook {
    const owner = partiesOf(space).find(({ id }) => id === opened)?.owner;
    return { look, names, owner, test: this.#tests.get(space.netns) };
  }

  #space(netns: number): SpaceRows {
    const known = this.#spaces.get(netns) ?? new SpaceRows();
    this.#spaces.set(netns, known);
    return known;
  }

  async #test(space: WatchedSpace): Promise<LookTest | undefined> {
    if (this.#filter.tree === undefined) return undefined;
    if (!this.#tests.has(space.netns)) {
      const bound = await this.#source.bind(space, this.#filter);
      const tests = bound === undefined ? undefined : testsOverTime(bound, this.#source);
      this.#tests.set(space.netns, tests?.look);
    }
    return this.#tests.get(space.netns);
  }

  #remember({ atMs, notes, spaces }: Tick): void {
    const texts = [...notes];
    for (const { space, look } of spaces) {
      for (const note of look?.coverage.notes ?? []) texts.push(`${space.name}: ${note}`);
    }
    if (texts.length > 0) this.#recent = { text: [...new Set(texts)].join('; '), untilMs: atMs + NOTE_MS };
  }

  #note(atMs: number): string | undefined {
    const budget = this.#tick?.budget;
    const stretched = budget?.stretched ? 'refresh slowed down to stay within the CPU budget' : undefined;
    const remark = this.#recent !== undefined && this.#recent.untilMs > atMs ? this.#recent.text : undefined;
    const parts = [stretched, remark].filter((part) => part !== undefined);
    return parts.length > 0 ? parts.join('; ') : undefined;
  }
}
