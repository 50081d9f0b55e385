import { KeyParser } from '../render/terminal/keys.ts';
import { LinePainter } from '../render/terminal/line-painter.ts';
import type { Screen, ScreenEvent, Size } from '../render/terminal/screen.ts';

/** The part of a `tty.ReadStream` that is used here. */
export interface TerminalInput {
  setRawMode(raw: boolean): unknown;
  setEncoding(encoding: 'utf8'): unknown;
  resume(): unknown;
  pause(): unknown;
  on(event: 'data', listener: (chunk: string) => void): unknown;
  on(event: 'end' | 'error', listener: () => void): unknown;
  off(event: string, listener: (chunk: string) => void): unknown;
}

/** The part of a `tty.WriteStream` that is used here. Writes to a terminal are synchronous. */
export interface TerminalOutput {
  /** 0 or undefined where the terminal does not know its size. */
  columns?: number;
  rows?: number;
  write(text: string): unknown;
  on(event: 'resize' | 'error', listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

/** A terminal that can be put into full-screen mode. */
export interface Terminal {
  input: TerminalInput;
  output: TerminalOutput;
  /** False for NO_COLOR. */
  colour: boolean;
}

/** A {@link Screen} that can leave full-screen mode for a while. */
export interface SuspendableScreen extends Screen {
  /** Restores the terminal until {@link resume}; safe to call twice. */
  suspend(): void;
  /** Enters full-screen mode (again), sets all modes anew and asks for a frame. Does nothing after `close`. */
  resume(): void;
}

/** How long to wait for the rest of an escape sequence; ESC alone is the Escape key after that. */
const ESCAPE_MS = 50;

/** Used when the terminal does not report its size. */
const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

const ALTERNATE_SCREEN = '\x1b[?1049h';
/** Cursor hidden, no wrapping at the right edge, bracketed paste on, screen erased. */
const MODES = '\x1b[?25l\x1b[?7l\x1b[?2004h\x1b[2J';
/** All of it undone; SGR 0 first, in case the write of a line was interrupted. */
const LEAVE = '\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l';

/** Puts a terminal into full-screen mode and its input into raw mode; keys and resizes go to the listener. */
export function openScreen(
  { input, output, colour }: Terminal,
  listener: (event: ScreenEvent) => void,
): SuspendableScreen {
  const painter = new LinePainter(colour);
  const keys = new KeyParser();
  let state: 'open' | 'suspended' | 'closed' = 'suspended';
  let escapeTimer: NodeJS.Timeout | undefined;

  const onData = (chunk: string) => {
    clearTimeout(escapeTimer);
    for (const event of keys.push(chunk)) listener(event);
    if (keys.isWaiting) escapeTimer = setTimeout(onSilence, ESCAPE_MS);
  };
  const onSilence = () => {
    for (const event of keys.flush()) listener(event);
  };
  const onResize = () => listener({ kind: 'resize' });
  const onClosed = () => listener({ kind: 'closed' });

  const enter = () => {
    // Another program may have changed the mode, and Node does not set a mode that it believes is set.
    if (state === 'open') input.setRawMode(false);
    input.setRawMode(true);
    // Not twice: it saves the cursor of the normal screen, which a second time would overwrite.
    output.write(state === 'open' ? MODES : ALTERNATE_SCREEN + MODES);
    painter.forget();
    state = 'open';
  };
  const leave = () => {
    output.write(LEAVE);
    input.setRawMode(false);
    state = 'suspended';
  };

  input.setEncoding('utf8');
  input.on('data', onData);
  input.on('end', onClosed);
  input.on('error', onClosed);
  output.on('resize', onResize);
  output.on('error', onClosed);
  enter();
  input.resume();

  return {
    colour,
    get size() {
      return { columns: output.columns || DEFAULT_SIZE.columns, rows: output.rows || DEFAULT_SIZE.rows };
    },
    show(lines) {
      if (state !== 'open') return;
      const update = painter.update(lines, this.size);
      if (update !== '') output.write(update);
    },
    suspend() {
      if (state === 'open') leave();
    },
    resume() {
      if (state === 'closed') return;
      enter();
      listener({ kind: 'resize' });
    },
    close() {
      if (state === 'closed') return;
      clearTimeout(escapeTimer);
      input.off('data', onData);
      input.off('end', onClosed);
      output.off('resize', onResize);
      if (state === 'open') leave();
      state = 'closed';
      input.pause();
    },
  };
}
