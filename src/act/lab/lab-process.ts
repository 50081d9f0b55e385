import { type ChildProcess, spawn } from 'node:child_process';
import { insideNetns } from '../../kernel/namespace.ts';
import type { SystemCalls } from '../../kernel/system-calls.ts';
import { Failure } from '../../model/failure.ts';
import type { ProgramSettings } from '../../model/report/lab-settings.ts';
import { type ProgramFile, programFile } from './program-files.ts';

/** Lowers the limit of open files, soft and hard, and becomes the program. */
const WITH_LIMIT = 'ulimit -n "$1" && shift && exec "$@"';

/** How long a program may take to begin, and to end. */
const PATIENCE_MS = 15_000;

/** What a program says: a line of JSON with its kind. */
export interface Message {
  type: string;
}

/** A program of the lab in a namespace of its own. It ends when its stdin closes, so also with this process. */
export class LabProcess {
  readonly title: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<void>;
  readonly #listeners = new Set<(message: Message) => void>();
  readonly #faults: string[] = [];
  #exited = false;

  /**
   * Starts it inside.
   *
   * @param netnsFd undefined for the caller's own namespace
   * @param nofile limit of open files, soft and hard; undefined for the limit of this process
   */
  static start<T extends ProgramSettings>(
    calls: SystemCalls,
    netnsFd: number | undefined,
    program: ProgramFile,
    settings: T,
    nofile?: number,
  ): LabProcess {
    const command = [process.execPath, programFile(program), JSON.stringify(settings)];
    const [file = '', ...args] =
      nofile === undefined ? command : ['sh', '-c', WITH_LIMIT, 'sh', `${nofile}`, ...command];
    // A new process inherits the namespace of the thread that forks it, and that happens here and now.
    const begin = () => spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env.PATH ?? '' } });
    const child = netnsFd === undefined ? begin() : insideNetns(calls, netnsFd, begin);
    return new LabProcess(settings.title, child);
  }

  private constructor(title: string, child: ChildProcess) {
    this.title = title;
    this.#child = child;
    this.#exit = new Promise((resolve) => {
      const over = (why: string) => {
        this.#faults.push(why);
        this.#exited = true;
        resolve();
      };
      child.once('error', (error) => over(error.message));
      child.once('close', (status, signal) => over(`ended with ${signal ?? `status ${status}`}`));
    });
    child.stdin?.on('error', () => {});
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#faults.push(text.trim()));
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#hear(JSON.parse(line) as Message);
    });
  }

  /** @throws {Failure} when it was not started */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw this.#failure('did not start');
    return pid;
  }

  /** Calls `listener` with every message from now on. @returns what ends that */
  listen(listener: (message: Message) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Gives an order and waits for the answer to it.
   *
   * @param order undefined for none: then a message is only waited for
   * @throws {Failure} when the program ends before, or does not answer in time
   */
  async ask<T extends Message>(order: object | undefined, answer: T['type'], patienceMs = PATIENCE_MS): Promise<T> {
    let stop = () => {};
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<T>((resolve) => {
      stop = this.listen((message) => message.type === answer && resolve(message as T));
    });
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, patienceMs, `says nothing in ${Math.round(patienceMs / 1000)} s`);
    });
    try {
      if (order !== undefined) this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
      const first = await Promise.race([answered, late, this.#exit.then(() => 'is gone')]);
      if (typeof first === 'string') throw this.#failure(first);
      return first;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  /** Ends it: kindly, and then not. */
  async end(): Promise<void> {
    if (this.#exited) return;
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    await this.#exit;
    clearTimeout(timer);
  }

  #hear(message: Message): void {
    for (const listener of this.#listeners) listener(message);
  }

  #failure(what: string): Failure {
    return new Failure('fault', [`the lab's ${this.title} ${what}`, ...this.#faults].join(': '));
  }
}
