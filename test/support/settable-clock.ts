/** A program whose clock a test sets, as an administrator or a time server sets that of a machine. */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** A clock of programs that are started with its environment. */
export interface SettableClock {
  env: Record<string, string>;
  /** Sets it. @param offMs milliseconds that it is off from the machine's */
  set(offMs: number): void;
}

/** @param folder where its state is */
export function settableClock(folder: string): SettableClock {
  const file = path.join(folder, 'clock');
  const set = (offMs: number) => {
    // In one step: the program reads it at any time.
    fs.writeFileSync(`${file}.new`, String(offMs));
    fs.renameSync(`${file}.new`, file);
  };
  set(0);
  const script = pathToFileURL(path.join(import.meta.dirname, 'settable-clock.mjs')).href;
  return { env: { NODE_OPTIONS: `--import ${script}`, SOCKLENS_TEST_CLOCK: file }, set };
}
