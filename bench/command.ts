import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import path from 'node:path';

/** The command line as it was built. */
export const SOCKLENS = path.resolve(import.meta.dirname, '../bin/socklens');

/** Environment of everything that is measured: certificates of the machine would be loaded at each start. */
export function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  return { ...env, LC_ALL: 'C', ...more };
}

/** What a command wrote and how long it took, from before it was started until its output was closed. */
export interface Ran {
  ms: number;
  /** Bytes on stdout. */
  bytes: number;
  /** Lines on stdout. */
  lines: number;
  /** The beginning of stdout, for short answers. */
  head: string;
  /** What stood on stderr. */
  complaint: string;
}

/**
 * Runs a command with its stdout on a pipe that is read as fast as it comes.
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
    let complaint = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
      if (head.length < 4096) head += chunk.toString('latin1', 0, 4096);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint += chunk;
    });
    child.once('error', reject);
    child.once('close', (status) => {
      const ms = performance.now() - begin;
      if (status === 0) resolve({ ms, bytes, lines, head, complaint });
      else reject(new Error(`${program} ${args.join(' ')} ended with ${status}: ${complaint.trim()}`));
    });
  });
}

/** As {@link run}, for the time alone; makes sure that something was written. */
export async function timed(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<number> {
  const { ms, bytes } = await run(program, args, options);
  if (bytes === 0) throw new Error(`${program} ${args.join(' ')} wrote nothing`);
  return ms;
}
