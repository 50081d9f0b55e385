import type { Screen, ScreenEvent } from '../../render/terminal/screen.ts';
import type { CommandContext } from '../context.ts';
import { frame } from './view/frame.ts';
import type { TopState } from './view/state.ts';

/** The screen from the first frame on, before anything is read: it can be left at once. */
export class OpenedScreen {
  /** Aborted when the screen is left. */
  readonly end = new AbortController();
  /** Resolves when it is left: by a key, a signal, or the end of the terminal. */
  readonly left: Promise<undefined>;
  #listener: ((event: ScreenEvent) => void) | undefined;
  /** Events before there is a listener. */
  readonly #waiting: ScreenEvent[] = [];
  #screen: Screen | undefined;

  private constructor() {
    const { signal } = this.end;
    this.left = new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
  }

  /** Opens the screen and shows the first frame. @param state that the frame has */
  static async open(
    open: NonNullable<CommandContext['screen']>,
    state: TopState,
    stop: AbortSignal | undefined,
  ): Promise<OpenedScreen> {
    const opened = new OpenedScreen();
    const show = () => {
      const screen = opened.#screen;
      screen?.show(frame(state, { atMs: Date.now(), rows: [], isReading: true }, screen.size, screen.colour));
    };
    opened.#screen = await open((event) => {
      if (opened.#listener !== undefined) opened.#listener(event);
      else if (event.kind === 'resize') show();
      else if (opened.#leaves(event)) opened.end.abort();
      else opened.#waiting.push(event);
    });
    stop?.addEventListener('abort', () => opened.end.abort());
    if (stop?.aborted) opened.end.abort();
    show();
    return opened;
  }

  /** Hands over what was typed so far, and all further events. */
  listen(listener: (event: ScreenEvent) => void): void {
    this.#listener = listener;
    for (const event of this.#waiting.splice(0)) listener(event);
  }

  /** Whether an event leaves the screen before anything is read. `q` may be part of what was typed before it. */
  #leaves(event: ScreenEvent): boolean {
    if (event.kind !== 'key') return event.kind === 'closed';
    return LEAVING.includes(event.key) || (event.key === 'q' && this.#waiting.length === 0);
  }

  /** The open screen. */
  get screen(): Screen {
    if (this.#screen === undefined) throw new Error('the screen is not open');
    return this.#screen;
  }
}

/** Keys that end `top` wherever it is. */
const LEAVING = ['f10', 'ctrl-c'];
