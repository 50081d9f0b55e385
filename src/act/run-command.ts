import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { errnoOf } from '../base/errno.ts';
import { Failure } from '../model/failure.ts';

/** How a command ended. */
export interface CommandEnd {
  /** Milliseconds since the epoch. */
  atMs: number;
  /** Exit status; null when a signal ended it. */
  status: number | null;
  /** Name of the signal; null when it exited. */
  signal: string | null;
}

/** How a command's output is handled. */
export interface CommandOptions {
  /** The streams that go to {@link onOutput}; the others are those of socklens itself. */
  pipe: { stdout: boolean; stderr: boolean };
  /** Called with output of the piped streams. @param fd the descriptor that it was written to */
  onOutput(fd: 1 | 2, bytes: Uint8Array): void;
}

/**
 * How long a command may take to exit after SIGTERM, or after a signal that was passed on, before it is killed,
 * milliseconds.
 */
const GRACE_MS = { time: 5000, signal: 10_000 };
/**
 * How long to wait for further output after the command has exited, milliseconds: its children may have its output
 * open.
 */
const LAST_OUTPUT_MS = 200;

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A program that runs in a process group of its own. SIGINT, SIGTERM and SIGHUP of socklens are forwarded to the group;
 * a second one kills the group.
 */
export class RunningCommand {
  /** Milliseconds since the epoch. */
  readonly startedMs = Date.now();
  /** Aborted when the program has exited. */
  readonly ended: AbortSignal;
  /**
   * Why it was stopped: its time was up, or a signal was forwarded. Undefined while it runs and when it exited by
   * itself.
   */
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
    this.#handlers = FORWARDED.map((name) => [name, () => this.#forward(name)] as const);
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  /**
   * Starts a program.
   *
   * @throws {Failure} `no-target` when there is no such program, `not-permitted` when running it is not permitted
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

  /** Stops it because its time is up: SIGTERM, and SIGKILL after a grace period. */
  stop(): void {
    if (this.#end !== undefined || this.stoppedBy !== undefined) return;
    this.stoppedBy = 'time';
    this.#signal('SIGTERM');
    this.#killAfter(GRACE_MS.time);
  }

  /** Calls {@link stop} after `ms` milliseconds. */
  stopAfter(ms: number): void {
    this.#timers.push(setTimeout(() => this.stop(), ms));
  }

  /** Waits until it has exited and its last output was received. */
  async end(): Promise<CommandEnd> {
    if (this.#end === undefined) {
      await new Promise((resolve) => this.ended.addEventListener('abort', resolve, { once: true }));
    }
    // Children that it left running may have its output open.
    await Promise.race([this.#closed, new Promise((resolve) => setTimeout(resolve, LAST_OUTPUT_MS))]);
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    return this.#end ?? { atMs: Date.now(), status: null, signal: null };
  }

  #exited(status: number | null, signal: string | null): void {
    this.#end = { atMs: Date.now(), status, signal };
    for (const timer of this.#timers) clearTimeout(timer);
    for (const [name, handler] of this.#handlers) process.off(name, handler);
    // A stop applies to the whole group.
    if (this.stoppedBy !== undefined) this.#signal('SIGKILL');
    this.#ended.abort();
  }

  #forward(name: NodeJS.Signals): void {
    const again = this.stoppedBy === 'signal';
    this.stoppedBy ??= 'signal';
    this.#signal(again ? 'SIGKILL' : name);
    if (!again) this.#killAfter(GRACE_MS.signal);
  }

  #killAfter(ms: number): void {
    this.#timers.push(setTimeout(() => this.#signal('SIGKILL'), ms));
  }

  /** Sends a signal to the whole group, whose id is the program's PID. */
  #signal(name: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch {
      // The group has no process left.
    }
  }
}

function cannotStart(program: string, error: Error): Failure {
  const code = errnoOf(error);
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such program',
    EACCES: 'not executable (check its file mode; a folder cannot be run)',
    ENOEXEC: 'not a program for this machine',
  };
  const kind = code === 'EACCES' ? 'not-permitted' : 'no-target';
  return new Failure(kind, `cannot start ${program}: ${reasons[code ?? ''] ?? code ?? error.message}`, {
    cause: error,
  });
}
