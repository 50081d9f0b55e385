/** `socklens record` as its users have it, while a test makes sockets come and go. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { LAUNCHER, socklens } from './cli.ts';
import { until } from './netns.ts';
import { pause, resume } from './pause.ts';

/** Without an Engine, so that the machine's containers have no effect. */
const ENVIRONMENT = { DOCKER_HOST: 'unix:///nonexistent' };

/** Bounds of a wait for samples: for the first, and for each one, which a busy machine takes late. Milliseconds. */
const HANG_MS = 60_000;
const LATEST_MS = 5000;

/** A folder for files of a test. */
export function temporaryFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-test-'));
}

/** A recording that is being made. */
export class RecordingRun {
  readonly file: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  stderr = '';

  private constructor(file: string, child: ChildProcess) {
    this.file = file;
    this.#child = child;
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.#exited = new Promise((resolve) => child.once('close', resolve));
  }

  /** Comes back when its first sample is on the disk. */
  static start(target: string, file: string, ...args: string[]): Promise<RecordingRun> {
    return RecordingRun.startIn({}, target, file, ...args);
  }

  /** The same with more in its environment. */
  static async startIn(
    env: Record<string, string>,
    target: string,
    file: string,
    ...args: string[]
  ): Promise<RecordingRun> {
    const child = spawn(LAUNCHER, ['record', target, '-o', file, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...ENVIRONMENT, ...env },
    });
    const run = new RecordingRun(file, child);
    await run.samples(1);
    return run;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits until a number of samples is on disk. */
  async samples(count: number): Promise<void> {
    const areThere = () => {
      if (this.#child.exitCode !== null) throw new Error(`record: status ${this.#child.exitCode}, ${this.stderr}`);
      return fs.existsSync(this.file) && ticksIn(fs.readFileSync(this.file)).length >= count;
    };
    await until(`${count} samples`, areThere, HANG_MS + count * LATEST_MS);
  }

  /** Waits until two more samples are on disk: one of them has the sockets of the time of the call. */
  async next(): Promise<void> {
    await this.samples(ticksIn(fs.readFileSync(this.file)).length + 2);
  }

  /** Stops it from running, so that it takes no dump, until {@link resume}. */
  pause(): void {
    pause(this.pid);
  }

  /** Lets it run again. */
  resume(): void {
    resume(this.pid);
  }

  /** Ends it as Ctrl-C does. @returns its status */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGINT');
    return this.#exited;
  }

  /** Waits for the exit without a signal. @returns the exit status */
  async exited(): Promise<number | null> {
    return this.#exited;
  }
}

/** The complete lines of a recording, read without the code under test. */
export function linesIn(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return [];
  try {
    const text = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .slice(0, -1);
  } catch {
    // Cut within the header of the packed file.
    return [];
  }
}

/** Its lines of samples. */
export function ticksIn(bytes: Uint8Array): string[] {
  return linesIn(bytes).filter((line) => line.startsWith('{"type":"tick"'));
}

/** Output of a command, for a recording or for this machine. */
export function commandOutput(...args: string[]) {
  return socklens(args, ENVIRONMENT);
}

/** The same as JSON. @throws when its status is not 0 */
export function commandJson<T>(...args: string[]): T {
  const { status, stdout, stderr } = commandOutput(...args, '--json');
  if (status !== 0) throw new Error(`socklens ${args.join(' ')}: status ${status}, ${stderr}`);
  return JSON.parse(Buffer.from(stdout, 'latin1').toString()) as T;
}
