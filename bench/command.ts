import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

/** Path of the built command line. */
export const SOCKLENS = path.resolve(import.meta.dirname, '../bin/socklens');

/** Path of the one file for this machine. */
export const ONE_FILE = path.resolve(import.meta.dirname, `../dist/binary/socklens-linux-${process.arch}`);

/** The launcher of another build, to compare with: SOCKLENS_BENCH_BEFORE. */
export const BEFORE = process.env.SOCKLENS_BENCH_BEFORE;

/** A program under test, as the report names it, with its limit. */
export interface Candidate {
  program: string;
  /** `socklens` from the checkout, or `one file`. */
  name: string;
  /** Upper limit of its ratio. */
  bar: number;
}

/** The checkout and the one file, each with its limit. */
export function candidates(checkout: number, oneFile: number): Candidate[] {
  return [
    { program: SOCKLENS, name: 'socklens', bar: checkout },
    { program: ONE_FILE, name: 'one file', bar: oneFile },
  ];
}

/** Environment of every measured program. Without NODE_EXTRA_CA_CERTS: Node would load those certificates at each start. */
export function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  return { ...env, LC_ALL: 'C', ...more };
}

/** Output and elapsed time of a command. */
export interface Ran {
  /** From the start of the process to the end of its output. */
  ms: number;
  /** Bytes on stdout. */
  bytes: number;
  /** Lines on stdout. */
  lines: number;
  /** The first 4 KiB of stdout, or a little more. */
  head: string;
  stderr: string;
}

/**
 * Runs a command with its stdout on a pipe that is read without delay.
 *
 * @throws when its status is not 0
 */
export function run(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const child: ChildProcess = spawn(program, args, {
      env: environment(),
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let bytes = 0;
    let lines = 0;
    let head = '';
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
      if (head.length < 4096) head += chunk.toString('latin1', 0, 4096);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (status) => {
      const ms = performance.now() - begin;
      if (status === 0) resolve({ ms, bytes, lines, head, stderr });
      else reject(new Error(`${program} ${args.join(' ')} failed with status ${status}: ${stderr.trim()}`));
    });
  });
}

/** The whole stdout of a command. @throws when its status is not 0 */
export async function text(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { env: environment(), maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** Like {@link run}. @returns elapsed milliseconds @throws when nothing was written to stdout, too */
export async function timed(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<number> {
  const { ms, bytes } = await run(program, args, options);
  if (bytes === 0) throw new Error(`${program} ${args.join(' ')} wrote nothing`);
  return ms;
}
