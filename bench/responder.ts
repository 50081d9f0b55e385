import { type ChildProcess, spawn } from 'node:child_process';
import readline from 'node:readline';
import { environment } from './command.ts';

/** A process that does its work once for each line it is sent, and says how long it took inside. */
export class Responder {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  /** Sockets that the last answer counted. */
  sockets = 0;

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
    if (done) throw new Error(`${this.#child.spawnfile} ended early`);
    const [microseconds, sockets] = String(value).split(' ').map(Number);
    this.sockets = sockets ?? 0;
    return (microseconds ?? 0) / 1000;
  }

  stop(): void {
    this.#child.kill();
  }
}
