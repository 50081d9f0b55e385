/** The command line as its users have it: the launcher, the bundle, a status and two streams. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** The shell script of the checkout. */
export const CHECKOUT_LAUNCHER = path.resolve(import.meta.dirname, '../../bin/socklens');

/** What is tested: the checkout's launcher, or the program that SOCKLENS_PROGRAM names (`npm run test:binary`). */
export const LAUNCHER = process.env.SOCKLENS_PROGRAM ?? CHECKOUT_LAUNCHER;

/** Whether the one file is tested, which Bun runs. */
export const IS_ONE_FILE = process.env.SOCKLENS_PROGRAM !== undefined;

export interface CliResult {
  status: number | null;
  /** One character a byte (latin1), so that raw bytes can be compared. */
  stdout: string;
  stderr: string;
}

/** Generous: a command that takes longer hangs. */
const HANG_MS = 90_000;

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
