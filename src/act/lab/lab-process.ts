import { type ChildProcess, spawn } from 'node:child_process';
import { insideNetns } from '../../kernel/namespace.ts';
import type { SystemCalls } from '../../kernel/system-calls.ts';
import { Failure } from '../../model/failure.ts';
import type { ProgramSettings } from '../../model/report/lab-settings.ts';
import { type LabProgram, programArguments } from './lab-program.ts';

/** Shell script that sets the limit of open files, soft and hard, and executes the program. */
const WITH_LIMIT = 'ulimit -n "$1" && shift && exec "$@"';

/** How long a program may take to answer, and to exit, milliseconds. */
const PATIENCE_MS = 15_000;

/** A message of a program: a line of JSON. */
export interface Message {
  type: string;
}

/**
 * A program of the lab in a network namespace of its own. It exits when its stdin is closed, and therefore when this
 * process exits.
 */
export class LabProcess {
  readonly title: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<void>;
  readonly #listeners = new Set<(message: Message) => void>();
  readonly #faults: string[] = [];
  #exited = false;

  /**
   * Starts a program in a network namespace.
   *
   * @param netnsFd descriptor of the namespace; undefined for the caller's own
   * @param nofile limit of open files, soft and hard; undefined for the limit of this process
   */
  static start<T extends ProgramSettings>(
    calls: SystemCalls,
    netnsFd: number | undefined,
    program: LabProgram,
    settings: T,
    nofile?: number,
  ): LabProcess {
    const command = [process.execPath, ...programArguments(program), JSON.stringify(settings)];
    const [file = '', ...args] =
      nofile === undefined ? command : ['sh', '-c', WITH_LIMIT, 'sh', `${nofile}`, ...command];
    // A new process inherits the namespace of the thread that forks it; spawn forks synchronously.
    const start = () => spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env.PATH ?? '' } });
    const child = netnsFd === undefined ? start() : insideNetns(calls, netnsFd, start);
    return new LabProcess(settings.title, child);
  }

  private constructor(title: string, child: ChildProcess) {
    this.title = title;
    this.#child = child;
    this.#exit = new Promise((resolve) => {
      const finish = (why: string) => {
        this.#faults.push(why);
        this.#exited = true;
        resolve();
      };
      child.once('error', (error) => finish(error.message));
      child.once('close', (status, signal) => finish(`ended with ${signal ?? `status ${status}`}`));
    });
    child.stdin?.on('error', () => {});
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#faults.push(text.trim()));
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#dispatch(JSON.parse(line) as Message);
    });
  }

  /** @throws {Failure} when it was not started */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw this.#failure('did not start');
    return pid;
  }

  /** Calls `listener` with every message from now on. @returns a function that stops this */
  listen(listener: (message: Message) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Sends an order and waits for its answer.
   *
   * @param order undefined to wait for a message without sending an order
   * @param answer type of the message to wait for
   * @param patienceMs how long to wait, milliseconds
   * @throws {Failure} `fault` when the program exits first, or does not answer in time
   */
  async ask<T extends Message>(order: object | undefined, answer: T['type'], patienceMs = PATIENCE_MS): Promise<T> {
    let stop = () => {};
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<T>((resolve) => {
      stop = this.listen((message) => message.type === answer && resolve(message as T));
    });
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, patienceMs, `did not answer within ${Math.round(patienceMs / 1000)} s`);
    });
    try {
      if (order !== undefined) this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
      const first = await Promise.race([answered, late, this.#exit.then(() => 'has exited')]);
      if (typeof first === 'string') throw this.#failure(first);
      return first;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  /** Stops it: closes its stdin, and kills it when it does not exit in time. */
  async end(): Promise<void> {
    if (this.#exited) return;
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    await this.#exit;
    clearTimeout(timer);
  }

  #dispatch(message: Message): void {
    for (const listener of this.#listeners) listener(message);
  }

  #failure(what: string): Failure {
    return new Failure('fault', [`the lab's ${this.title} ${what}`, ...this.#faults].join(': '));
  }
}
