/** The command line as its users have it: the launcher, the bundle, a status and two streams. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** The checkout's launcher. */
export const LAUNCHER = path.resolve(import.meta.dirname, '../../bin/socklens');

export interface CliResult {
  status: number | null;
  /** One character a byte (latin1), so that raw bytes can be compared. */
  stdout: string;
  stderr: string;
}

/** Generous: a command that takes longer hangs. */
const HANG_MS = 30_000;

/** Runs socklens and waits for its end. */
export function socklens(args: readonly string[], env: Record<string, string> = {}, prefix: string[] = []): CliResult {
  const [program = LAUNCHER, ...rest] = [...prefix, LAUNCHER, ...args];
  const { status, stdout, stderr } = spawnSync(program, rest, {
    env: { ...process.env, ...env },
    encoding: 'latin1',
    timeout: HANG_MS,
    maxBuffer: 256 * 1024 * 1024,
  });
  return { status, stdout, stderr };
}

/** Lines in an order that does not depend on the kernel's. */
export function sortedLines(text: string): string[] {
  return text.split('\n').sort();
}
