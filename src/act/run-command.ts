import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { errnoOf } from '../base/errno.ts';
import { Failure } from '../model/failure.ts';

/** How a command ended. */
export interface CommandEnd {
  atMs: number;
  /** Null when a signal ended it. */
  status: number | null;
  signal: string | null;
}

export interface CommandOptions {
  /** Whose bytes are handed over instead of going where socklens's own go. */
  pipe: { stdout: boolean; stderr: boolean };
  /** @param fd the descriptor that it wrote to */
  onOutput(fd: 1 | 2, bytes: Uint8Array): void;
}

/** How long a command may take to end in order before it is killed, milliseconds. */
const GRACE_MS = { time: 5000, signal: 10_000 };
/** How long to wait for output of what the command has left behind. */
const LAST_OUTPUT_MS = 200;

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A program that runs in a process group of its own. SIGINT, SIGTERM and SIGHUP that socklens gets are passed
 * on to the group: the first as it is, and the next one kills it.
 */
export class RunningCommand {
  readonly startedMs = Date.now();
  /** Aborted when the program has ended. */
  readonly ended: AbortSignal;
  /** Who began to end it before its own end. */
  stoppedBy: 'time' | 'signal' | undefined;
  readonly #child: ChildProcess;
  readonly #ended = new AbortController();
  readonly #closed: Promise<void>;
  readonly #handlers: readonly (readonly [NodeJS.Signals, () => void])[];
  #end: CommandEnd | undefined;
  #timers: NodeJS.Timeout[] = [];

  private constructor(child: ChildProcess, options: CommandOptions) {
    this.#child = child;
    this.ended = this.#ended.signal;
    child.stdout?.on('data', (bytes: Uint8Array) => options.onOutput(1, bytes));
    child.stderr?.on('data', (bytes: Uint8Array) => options.onOutput(2, bytes));
    this.#closed = new Promise((resolve) => child.once('close', () => resolve()));
    child.once('exit', (status, signal) => this.#exited(status, signal));
    this.#handlers = PASSED_ON.map((name) => [name, () => this.#passOn(name)] as const);
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  /**
   * Starts a program.
   *
   * @throws {Failure} `no-target` when there is none of this name, `not-permitted` when it may not be run
   */
  static start(argv: readonly string[], options: CommandOptions): Promise<RunningCommand> {
    const [program = '', ...args] = argv;
    const { stdout, stderr } = options.pipe;
    const stdio: StdioOptions = ['inherit', stdout ? 'pipe' : 'inherit', stderr ? 'pipe' : 'inherit'];
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { stdio, detached: true });
      child.once('spawn', () => resolve(new RunningCommand(child, options)));
      child.once('error', (error) => reject(cannotStart(program, error)));
    });
  }

  /** Ends it in order, and kills it when it does not: for a time that is up. */
  stop(): void {
    if (this.#end !== undefined || this.stoppedBy !== undefined) return;
    this.stoppedBy = 'time';
    this.#signal('SIGTERM');
    this.#killAfter(GRACE_MS.time);
  }

  /** Stops it after some time. */
  stopAfter(ms: number): void {
    this.#timers.push(setTimeout(() => this.stop(), ms));
  }

  /** Waits until it has ended, and its last output has come. */
  async end(): Promise<CommandEnd> {
    if (this.#end === undefined) {
      await new Promise((resolve) => this.ended.addEventListener('abort', resolve, { once: true }));
    }
    // What it left running may hold its output open for as long as it likes.
    await Promise.race([this.#closed, new Promise((resolve) => setTimeout(resolve, LAST_OUTPUT_MS))]);
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    return this.#end ?? { atMs: Date.now(), status: null, signal: null };
  }

  #exited(status: number | null, signal: string | null): void {
    this.#end = { atMs: Date.now(), status, signal };
    for (const timer of this.#timers) clearTimeout(timer);
    for (const [name, handler] of this.#handlers) process.off(name, handler);
    // Who was told to end it meant all of it.
    if (this.stoppedBy !== undefined) this.#signal('SIGKILL');
    this.#ended.abort();
  }

  #passOn(name: NodeJS.Signals): void {
    const again = this.stoppedBy === 'signal';
    this.stoppedBy ??= 'signal';
    this.#signal(again ? 'SIGKILL' : name);
    if (!again) this.#killAfter(GRACE_MS.signal);
  }

  #killAfter(ms: number): void {
    this.#timers.push(setTimeout(() => this.#signal('SIGKILL'), ms));
  }

  /** To the whole group, which has the program's own number. */
  #signal(name: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch {
      // Nobody is left in it.
    }
  }
}

function cannotStart(program: string, error: Error): Failure {
  const code = errnoOf(error);
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such program',
    EACCES: 'it may not be run (its file mode, or it is a folder)',
    ENOEXEC: 'it is no program for this machine',
  };
  const kind = code === 'EACCES' ? 'not-permitted' : 'no-target';
  return new Failure(kind, `cannot start ${program}: ${reasons[code ?? ''] ?? code ?? error.message}`, {
    cause: error,
  });
}
