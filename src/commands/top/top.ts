import { parseFilter } from '../../filter/parse.ts';
import { Failure } from '../../model/failure.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import { ALL_STATES } from '../../model/socket/tcp-state.ts';
import type { Screen, ScreenEvent } from '../../render/terminal/screen.ts';
import { openSource, type SourceOptions } from '../../sources/open-source.ts';
import { allTo, type SampleSource, type TickRequest } from '../../sources/sample-source.ts';
import type { CommandContext } from '../context.ts';
import { readFilter } from '../read-filter.ts';
import { OpenedScreen } from './opened-screen.ts';
import { TopDataBuilder } from './top-data.ts';
import { frame, pageRows } from './view/frame.ts';
import { shownRows, sortColumns } from './view/levels.ts';
import { reduceKey } from './view/reduce-key.ts';
import { reducePaste } from './view/reduce-prompt-key.ts';
import type { KeyContext } from './view/selection.ts';
import { initialState, type PromptError, type TopState } from './view/state.ts';

export interface TopOptions extends SourceOptions {
  /** The FILTER as typed; empty for all sockets. */
  filter: string;
}

/** What is read from foreground namespaces. */
const FULL: SocketQuery = {
  protos: ['tcp', 'udp', 'udplite', 'raw'],
  inet: true,
  inet6: true,
  states: ALL_STATES,
  tcpInfo: true,
};

/**
 * `socklens top`: live counts in full-screen mode.
 *
 * @throws {Failure} `usage` without a terminal, and as the source does
 */
export async function top(context: CommandContext, options: TopOptions): Promise<void> {
  const { screen } = context;
  if (screen === undefined)
    throw new Failure('usage', 'top needs an interactive terminal; socklens watch prints lines');
  const filter = readFilter(context, options.filter, false);
  const stop = context.stopSignal?.();
  const opened = await OpenedScreen.open(screen, initialState(options), stop);
  try {
    // The namespaces are found while the first frame is on the screen.
    const opening = openSource(context.machine, options);
    const source = await Promise.race([opening, opened.left]);
    if (source === undefined) {
      opening.then((late) => late.close()).catch(() => undefined);
      return;
    }
    try {
      await new TopSession(source, new TopDataBuilder(source, filter), options, opened).run();
    } finally {
      source.close();
    }
  } finally {
    opened.screen.close();
  }
}

/** One run, from the first tick on. */
class TopSession {
  readonly #source: SampleSource;
  readonly #builder: TopDataBuilder;
  readonly #opened: OpenedScreen;
  readonly #end: AbortController;
  readonly #screen: Screen;
  readonly #request: TickRequest;
  #state: TopState;
  #data: ReturnType<TopDataBuilder['data']>;
  #fault: { error: unknown } | undefined;
  /** Whether the recording has ended; its last tick is then repeated when another row is opened. */
  #hasEnded = false;
  /** Whether a tick is due although the display is paused. */
  #isTickDue = false;
  #resume: () => void = () => {};

  constructor(source: SampleSource, builder: TopDataBuilder, options: TopOptions, opened: OpenedScreen) {
    this.#opened = opened;
    this.#end = opened.end;
    this.#screen = opened.screen;
    this.#source = source;
    this.#builder = builder;
    this.#state = initialState({ filter: options.filter, intervalMs: source.intervalMs });
    this.#data = builder.data(this.#state);
    this.#request = {
      // A filter may test what is not read from background namespaces.
      isForeground: ({ netns }) => !builder.showsAll || netns === builder.netnsOf(this.#state.opened),
      countsOnly: true,
      foldsEvents: true,
      query: () => FULL,
      processes: 'count',
      allCounters: false,
      events: allTo((namespace, event) => builder.event(namespace, event)),
    };
  }

  async run(): Promise<void> {
    this.#end.signal.addEventListener('abort', () => this.#resume());
    const first = await this.#source.next(this.#request, this.#end.signal);
    if (first === undefined) return;
    await this.#builder.take(first, this.#state);
    const only = this.#builder.onlyRow();
    if (only !== undefined) this.#state = initialState({ ...this.#state, opened: only });
    this.#refresh();
    this.#opened.listen((event) => this.#onEvent(event));
    if (only !== undefined) this.#source.tickNow?.();
    await this.#live();
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  async #live(): Promise<void> {
    while (!this.#end.signal.aborted) {
      if (this.#state.paused && !this.#isTickDue) {
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
        });
        continue;
      }
      this.#isTickDue = false;
      const tick = await this.#source.next(this.#request, this.#end.signal);
      if (tick === undefined) {
        this.#hasEnded = true;
        // The end of a recording: its last tick stays on the screen.
        if (!this.#end.signal.aborted) this.#state = { ...this.#state, paused: true };
        this.#refresh();
        continue;
      }
      if (this.#state.paused && !this.#hasEnded) continue;
      try {
        await this.#builder.take(tick, this.#state);
      } catch (error) {
        this.#refuseFilter(error);
      }
      this.#refresh();
    }
  }

  /** Reopens the prompt for a filter with an unknown name; only a lookup finds that out. */
  #refuseFilter(error: unknown): void {
    if (!(error instanceof Failure) || error.kind !== 'usage' || this.#state.filter === '') throw error;
    const prompt = { kind: 'filter', text: this.#state.filter, error: promptError(error) } as const;
    this.#state = { ...this.#state, filter: '', prompt };
    this.#builder.setFilter(parseFilter(''));
    this.#tickNow();
  }

  #onEvent(event: ScreenEvent): void {
    try {
      if (event.kind === 'closed') this.#quit();
      else if (event.kind === 'key') this.#reduce((state, context) => reduceKey(state, event.key, context));
      else if (event.kind === 'paste') this.#reduce((state, context) => reducePaste(state, event.text, context));
      else this.#show();
    } catch (error) {
      this.#fault ??= { error };
      this.#quit();
    }
  }

  /** Takes the state that a key or a paste leads to, and does what follows from the change. */
  #reduce(reducer: (state: TopState, context: KeyContext) => TopState): void {
    const screen = this.#screen;
    const before = this.#state;
    const after = reducer(before, {
      rows: shownRows(before, this.#data),
      page: pageRows(before, this.#data, screen.size),
      columns: sortColumns(before.level),
      checkFilter: filterError,
    });
    this.#state = after;
    if (after.isQuitting) {
      this.#quit();
      return;
    }
    if (after.filter !== before.filter) this.#builder.setFilter(parseFilter(after.filter));
    if (after.intervalMs !== before.intervalMs) this.#setInterval(after.intervalMs);
    if (before.paused && !after.paused) this.#resume();
    const isOther = after.filter !== before.filter || after.opened !== before.opened || after.paused !== before.paused;
    if (isOther && (!after.paused || this.#hasEnded)) this.#tickNow();
    if (isOther || after.level !== before.level || after.peer !== before.peer) this.#refresh();
    else this.#show();
  }

  #tickNow(): void {
    this.#source.tickNow?.();
    this.#isTickDue = this.#hasEnded;
    if (this.#hasEnded) this.#resume();
  }

  #setInterval(intervalMs: number): void {
    if (this.#source.setInterval === undefined) this.#state = { ...this.#state, intervalMs: this.#source.intervalMs };
    else this.#source.setInterval(intervalMs);
  }

  #quit(): void {
    this.#end.abort();
  }

  #refresh(): void {
    this.#data = this.#builder.data(this.#state);
    this.#show();
  }

  #show(): void {
    const screen = this.#screen;
    if (this.#end.signal.aborted) return;
    screen.show(frame(this.#state, this.#data, screen.size, screen.colour));
  }
}

/** Checks a filter. @returns undefined for a valid one */
function filterError(text: string): PromptError | undefined {
  try {
    parseFilter(text, 'and-first');
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return promptError(error);
    throw error;
  }
}

/** A failure as the prompt shows it: the message, and the position that the marker line of its details points at. */
function promptError({ message, details }: Failure): PromptError {
  const [, marks = '', expected] = details;
  const mark = /^ {2}( *)(\^+)$/.exec(marks);
  const text = [message.replace(/^filter: /, ''), expected?.trim()].filter((part) => part !== undefined).join('; ');
  if (mark === null) return { message: text };
  return { message: text, at: mark[1]?.length ?? 0, length: mark[2]?.length ?? 1 };
}
