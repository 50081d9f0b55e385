/** Runs the built `socklens watch --ndjson` while a test changes sockets. */
import { type ChildProcess, spawn } from 'node:child_process';
import { LAUNCHER } from './cli.ts';
import { until } from './netns.ts';

/** Fields of an `--ndjson` object that tests use. */
export interface WatchObject {
  type: 'sample' | 'note' | 'gap' | 'summary';
  at?: string;
  target?: string;
  text?: string;
  total?: number;
  change?: number;
  groups?: { key: Record<string, string | number | null>; count: number; change?: number; peak?: number }[];
  opensPerSecond?: number;
  closesPerSecond?: number;
  descriptors?: { pid: number; used: number; softLimit: number | null };
  lostEvents?: number;
  from?: string;
  to?: string;
  reason?: string;
  targets?: {
    target: string;
    samples: number;
    peak: number;
    last: number;
    connections?: { peak: number };
    groupPeaks?: { key: Record<string, string | number | null>; peak: number }[];
  }[];
  gaps?: number;
}

/** A running `socklens watch`. */
export class WatchRun {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.#child = spawn(LAUNCHER, ['watch', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DOCKER_HOST: 'unix:///nonexistent', ...env },
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk;
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.#exited = new Promise((resolve) => this.#child.once('close', resolve));
  }

  get objects(): WatchObject[] {
    return this.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as WatchObject);
  }

  samplesOf(target: string): WatchObject[] {
    return this.objects.filter((object) => object.type === 'sample' && object.target === target);
  }

  get notes(): string[] {
    return this.objects.flatMap(({ type, text }) => (type === 'note' && text !== undefined ? [text] : []));
  }

  /** Waits for a sample of a target that is printed after the call. */
  async nextSample(target: string, fits: (sample: WatchObject) => boolean = () => true): Promise<WatchObject> {
    const seen = this.samplesOf(target).length;
    return this.#until(`a sample of ${target}`, () => this.samplesOf(target).slice(seen).find(fits));
  }

  async note(pattern: RegExp): Promise<string> {
    return this.#until(`the note ${pattern}`, () => this.notes.find((text) => pattern.test(text)));
  }

  /** Closes the read end of the stdout pipe. */
  closePipe(): void {
    this.#child.stdout?.destroy();
  }

  /** Sends SIGINT. @returns the exit status */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGINT');
    return this.#exited;
  }

  /** Waits for the exit without a signal. @returns the exit status */
  async exited(): Promise<number | null> {
    return this.#exited;
  }

  async #until<T>(what: string, check: () => T | undefined): Promise<T> {
    return until(what, check).catch((error: Error) => {
      throw new Error(`${error.message}; so far: ${this.stdout.slice(-1500)} ${this.stderr}`);
    });
  }
}

/** Sum of the counts of groups with a value in their key. */
export function countIn(sample: WatchObject, key: string, value: string | number | null): number {
  return (sample.groups ?? []).filter((group) => group.key[key] === value).reduce((sum, { count }) => sum + count, 0);
}
