import { openSource, type SourceOptions } from '../../collect/sampling/open-source.ts';
import type { SampleSource, TickWish } from '../../collect/sampling/source.ts';
import { parseFilter } from '../../filter/parse.ts';
import { Failure } from '../../model/failure.ts';
import type { SocketQuery } from '../../model/socket-query.ts';
import { ALL_STATES } from '../../model/tcp-state.ts';
import { frame, pageRows } from '../../present/top/frame.ts';
import { orderColumns, shownRows } from '../../present/top/levels.ts';
import { press } from '../../present/top/press.ts';
import type { Screen, ScreenEvent } from '../../present/top/screen.ts';
import { firstState, type TopState } from '../../present/top/state.ts';
import type { FlowContext } from '../context.ts';
import { readFilter } from '../read-filter.ts';
import { filterMistake, promptMistake } from './filter-mistake.ts';
import { TopDataKeeper } from './top-data.ts';

export interface TopOptions extends SourceOptions {
  /** As typed; empty for all. */
  filter: string;
}

/** What is read where somebody looks. */
const WHOLE: SocketQuery = {
  ...{ protos: ['tcp', 'udp', 'udplite', 'raw'], inet: true, inet6: true },
  ...{ states: ALL_STATES, tcpInfo: true },
};

/**
 * `socklens top`: the counts, live, on the whole screen.
 *
 * @throws {Failure} `usage` where there is no terminal, and as the source does
 */
export async function top(context: FlowContext, options: TopOptions): Promise<void> {
  const { screen } = context;
  if (screen === undefined) throw new Failure('usage', 'top: there is no terminal to fill');
  const filter = readFilter(context, options.filter, false);
  const source = await openSource(context.machine, options);
  const stop = context.stopSignal?.();
  const session = new TopSession(source, new TopDataKeeper(source, filter), options);
  try {
    await session.run(screen, stop);
  } finally {
    source.close();
  }
}

/** One use of the screen, from the first tick until it is given back. */
class TopSession {
  readonly #source: SampleSource;
  readonly #keeper: TopDataKeeper;
  readonly #end = new AbortController();
  readonly #wish: TickWish;
  #state: TopState;
  #data: ReturnType<TopDataKeeper['data']>;
  #screen: Screen | undefined;
  #fault: { error: unknown } | undefined;
  /** Whether the recording has ended: then its last tick comes again when something else is looked at. */
  #isOver = false;
  #isWanted = false;
  #resume: () => void = () => {};

  constructor(source: SampleSource, keeper: TopDataKeeper, options: TopOptions) {
    this.#source = source;
    this.#keeper = keeper;
    this.#state = firstState({ filter: options.filter, intervalMs: source.intervalMs });
    this.#data = keeper.data(this.#state);
    this.#wish = {
      // A filter may ask for what the background leaves out.
      looksAt: ({ netns }) => !keeper.showsAll || netns === keeper.netnsOf(this.#state.entered),
      query: () => WHOLE,
      ...{ processes: 'count', allCounters: false },
    };
  }

  async run(open: NonNullable<FlowContext['screen']>, stop: AbortSignal | undefined): Promise<void> {
    stop?.addEventListener('abort', () => this.#quit());
    if (stop?.aborted) return;
    // What cannot be looked at is told before the screen is taken.
    const first = await this.#source.next(this.#wish, this.#end.signal);
    if (first === undefined) return;
    await this.#keeper.take(first, this.#state);
    const only = this.#keeper.onlyRow();
    if (only !== undefined) this.#state = { ...firstState({ ...this.#state, entered: only }) };
    this.#screen = await open((event) => this.#happened(event));
    try {
      this.#refresh();
      if (only !== undefined) this.#source.hurry?.();
      await this.#live();
    } finally {
      await this.#screen.close();
    }
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  async #live(): Promise<void> {
    while (!this.#end.signal.aborted) {
      if (this.#state.paused && !this.#isWanted) {
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
        });
        continue;
      }
      this.#isWanted = false;
      const tick = await this.#source.next(this.#wish, this.#end.signal);
      if (tick === undefined) {
        this.#isOver = true;
        // A recording ends: its last moment stays to be looked at.
        if (!this.#end.signal.aborted) this.#state = { ...this.#state, paused: true };
        this.#refresh();
        continue;
      }
      if (this.#state.paused && !this.#isOver) continue;
      try {
        await this.#keeper.take(tick, this.#state);
      } catch (error) {
        this.#refuseFilter(error);
      }
      this.#refresh();
    }
  }

  /** A name in the filter that nobody knows: back to the prompt with it. */
  #refuseFilter(error: unknown): void {
    if (!(error instanceof Failure) || error.kind !== 'usage' || this.#state.filter === '') throw error;
    const prompt = { kind: 'filter', text: this.#state.filter, mistake: promptMistake(error) } as const;
    this.#state = { ...this.#state, filter: '', prompt };
    this.#keeper.setFilter(parseFilter(''));
    this.#hurry();
  }

  #happened(event: ScreenEvent): void {
    try {
      if (event.kind === 'key') this.#pressed(event.key);
      else this.#show();
    } catch (error) {
      this.#fault ??= { error };
      this.#quit();
    }
  }

  #pressed(key: string): void {
    const screen = this.#screen;
    if (screen === undefined) return;
    const before = this.#state;
    const after = press(before, key, {
      rows: shownRows(before, this.#data),
      page: pageRows(before, this.#data, screen.size),
      columns: orderColumns(before.level),
      readFilter: filterMistake,
    });
    this.#state = after;
    if (after.over) {
      this.#quit();
      return;
    }
    if (after.filter !== before.filter) this.#keeper.setFilter(parseFilter(after.filter));
    if (after.intervalMs !== before.intervalMs) this.#setInterval(after.intervalMs);
    if (before.paused && !after.paused) this.#resume();
    const other = after.filter !== before.filter || after.entered !== before.entered || after.paused !== before.paused;
    if (other && (!after.paused || this.#isOver)) this.#hurry();
    if (other || after.level !== before.level || after.peer !== before.peer) this.#refresh();
    else this.#show();
  }

  #hurry(): void {
    this.#source.hurry?.();
    this.#isWanted = this.#isOver;
    if (this.#isOver) this.#resume();
  }

  #setInterval(intervalMs: number): void {
    if (this.#source.setInterval === undefined) this.#state = { ...this.#state, intervalMs: this.#source.intervalMs };
    else this.#source.setInterval(intervalMs);
  }

  #quit(): void {
    this.#end.abort();
    this.#resume();
  }

  #refresh(): void {
    this.#data = this.#keeper.data(this.#state);
    this.#show();
  }

  #show(): void {
    const screen = this.#screen;
    if (screen === undefined || this.#end.signal.aborted) return;
    screen.show(frame(this.#state, this.#data, screen.size, screen.colour));
  }
}
