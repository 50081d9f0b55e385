/** Runs the built `socklens guard` around a command that waits until the test lets it exit. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { GuardReport } from '../../src/model/report/guard.ts';
import { LAUNCHER } from './cli.ts';
import { until } from './netns.ts';

/** Prints `running`, reads a line, and exits with the status in it. */
const WAITING = ['sh', '-c', 'echo running; read status; exit $status'];

export interface GuardEnd {
  status: number | null;
  stdout: string;
  stderr: string;
  /** The JSON report; undefined when none was written. */
  report: GuardReport | undefined;
  /** The other reports, by their ending. */
  file(ending: string): string;
}

/** A running guard. */
export class Guard {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #closed: Promise<unknown>;
  #stdout = '';
  #stderr = '';

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    this.#closed = once(child, 'close');
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      this.#stdout += piece;
    });
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      this.#stderr += piece;
    });
  }

  /** Starts a guard that samples every 100 ms; resolves when its command runs. */
  static async start(
    target: string,
    flags: readonly string[],
    command: readonly string[] = WAITING,
    env: Record<string, string> = {},
  ): Promise<Guard> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-guard-'));
    const reports = ['json', 'xml', 'md', 'html'].flatMap((ending) => ['--report', path.join(folder, `r.${ending}`)]);
    const args = ['guard', target, '--interval', '100ms', ...flags, ...reports, '--', ...command];
    const guard = new Guard(
      spawn(LAUNCHER, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] }),
      folder,
    );
    await until('the command', () => guard.#stdout.includes('running') || guard.#child.exitCode !== null);
    return guard;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /**
   * Waits for a number of whole samples, counted by bursts of reading: a sample reads some kilobytes of
   * `/proc`, and nothing is read between two.
   */
  async samples(count: number): Promise<void> {
    const bytesRead = () => Number(/^rchar: (\d+)$/m.exec(fs.readFileSync(`/proc/${this.pid}/io`, 'utf8'))?.[1] ?? 0);
    let before = bytesRead();
    let quiet = 0;
    let bursts = 0;
    await until(`${count} samples`, () => {
      if (this.hasExited) throw new Error(`the guard exited: ${this.#stderr}`);
      const now = bytesRead();
      if (now - before > 2000) {
        // The first burst may belong to a sample that began before the call.
        if (quiet >= 2) bursts++;
        quiet = 0;
      } else quiet++;
      before = now;
      return bursts > count;
    });
  }

  /** Waits until stderr contains a text, or the guard has exited. */
  async prints(text: string): Promise<void> {
    await until(`"${text}"`, () => this.#stderr.includes(text) || this.hasExited);
  }

  /** Lets the command exit with a status. */
  go(status = 0): void {
    this.#child.stdin?.write(`${status}\n`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits for its exit, then reads and removes its reports. */
  async end(): Promise<GuardEnd> {
    await this.#closed;
    const files = new Map(
      fs.readdirSync(this.#folder).map((name) => [name, fs.readFileSync(`${this.#folder}/${name}`, 'utf8')]),
    );
    fs.rmSync(this.#folder, { recursive: true });
    const json = files.get('r.json');
    return {
      status: this.#child.exitCode,
      stdout: this.#stdout,
      stderr: this.#stderr,
      report: json === undefined ? undefined : (JSON.parse(json) as GuardReport),
      file: (ending) => files.get(`r.${ending}`) ?? '',
    };
  }
}
