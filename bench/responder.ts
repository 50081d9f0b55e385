import { type ChildProcess, spawn } from 'node:child_process';
import readline from 'node:readline';
import { environment } from './command.ts';

/**
 * A process that does its work once for each line on its stdin, and answers with a line of numbers:
 * the microseconds that it took inside the process, then its counts.
 */
export class Responder {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  /** Counts of the last answer. */
  counted: readonly number[] = [];
  /** Milliseconds of the first round, in which V8 has compiled nothing yet; undefined before it. */
  first: number | undefined;

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, args, { env: environment(), stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error(`${program}: no pipe`);
    this.#lines = readline.createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** One round. @returns milliseconds inside the process */
  async ask(): Promise<number> {
    this.#child.stdin?.write('\n');
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#child.spawnfile} exited early`);
    const [microseconds = 0, ...counted] = String(value).split(' ').map(Number);
    this.counted = counted;
    this.first ??= microseconds / 1000;
    return microseconds / 1000;
  }

  stop(): void {
    this.#child.kill();
  }
}
