import type { Machine } from '../collect/machine.ts';
import type { Screen, ScreenEvent } from '../render/terminal/screen.ts';

/** A stream that a command writes to. */
export interface Output {
  /** Writes all of it, in order. */
  write(text: string | Uint8Array): void;
  /** Terminal columns at this moment; undefined where the stream is not a terminal. */
  readonly columns: number | undefined;
  /** Whether styles may be used: a terminal, without NO_COLOR and `--no-color`. */
  colour?: boolean;
}

/** What a command needs from outside: the machine, its streams, the terminal. */
export interface CommandContext {
  machine: Machine;
  out: Output;
  err: Output;
  /** A signal that Ctrl-C and SIGTERM abort; undefined where nothing stops the command early. */
  stopSignal?: (() => AbortSignal) | undefined;
  /** Puts the terminal into full-screen mode and reports its events; undefined where there is no terminal. */
  screen?: ((listener: (event: ScreenEvent) => void) => Promise<Screen>) | undefined;
  /** Asks a yes-or-no question; undefined where stdin is not a terminal. */
  confirm?: ((question: string) => Promise<boolean>) | undefined;
}

/** Output format: text for a person, JSON for scripts. */
export type Format = 'text' | 'json' | 'ndjson';

/** The context that the argument parser hands to each command. */
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
