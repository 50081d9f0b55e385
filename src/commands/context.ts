import type { Readable } from 'node:stream';
import type { StopSignal } from '../base/stop-signal.ts';
import type { Machine } from '../collect/machine.ts';
import type { VerbDescription } from '../mcp/tool-descriptions.ts';
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
  /**
   * Runs another command in this process and returns what it prints, and its exit status: for `serve`, whose API answers
   * as the command line does. Absent where a command runs so itself.
   */
  runVerb?: (args: readonly string[], stop: StopSignal) => Promise<{ status: number; out: string; err: string }>;
  /** Calls a function at each SIGHUP or SIGUSR2, which then do not end the process. @returns a function that ends this */
  onSignal?: (name: 'SIGHUP' | 'SIGUSR2', listener: () => void) => () => void;
  /** The standard input, for `mcp`; absent where a command has none. */
  input?: () => Readable;
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
  /** What help says of a command; absent where a command runs within another one. */
  readonly describe?: (verb: string) => Promise<VerbDescription>;
  /** The command of `guard`: the arguments after `--`. */
  readonly behind?: readonly string[];
  /** Present where the argument parser proposes completions instead of running a command. */
  readonly completion?: CompletionRequest;
}

/** What the completion of a shell asks, and what is answered beside the values. */
export interface CompletionRequest {
  /** Words of the command between its name and the word at the cursor. */
  before: readonly string[];
  /** Descriptions of proposed values. */
  descriptions: Map<string, string>;
  /** Whether the shell shall propose files. */
  wantsFiles: boolean;
}
