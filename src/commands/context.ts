import type { Machine } from '../collect/machine.ts';
import type { Screen, ScreenEvent } from '../render/terminal/screen.ts';

/** A stream that a command writes to. */
export interface Output {
  /** Writes all of it, in order. */
  write(text: string | Uint8Array): void;
  /** Terminal columns; undefined when it is no terminal. */
  columns: number | undefined;
}

/** Everything that a command needs from outside, handed in. */
export interface CommandContext {
  machine: Machine;
  out: Output;
  err: Output;
  /** A signal that a stream ends with: Ctrl-C, SIGTERM. Undefined where nothing ends it early. */
  stopSignal?: (() => AbortSignal) | undefined;
  /** Puts the terminal into full-screen mode and reports its events; undefined where there is no terminal. */
  screen?: ((listener: (event: ScreenEvent) => void) => Promise<Screen>) | undefined;
  /** Asks a yes-or-no question; undefined where stdin is not a terminal. */
  confirm?: ((question: string) => Promise<boolean>) | undefined;
}

/** How a person or a script wants the answer. */
export type Format = 'text' | 'json' | 'ndjson';

/** What a command runs with: this machine, this terminal. */
export interface CliContext {
  readonly process: {
    readonly stdout: { write(text: string): void };
    readonly stderr: { write(text: string): void };
    readonly env: Readonly<Record<string, string | undefined>>;
    exitCode?: number | string | null;
  };
  readonly flow: CommandContext;
  /** The command of `guard`: the arguments after `--`. */
  readonly behind?: readonly string[];
}
