import fs from 'node:fs';
import { errnoOf } from '../base/errno.ts';
import type { Output } from '../flows/context.ts';
import { isTerminal } from './output.ts';

const YES = /^y(es)?$/i;

/**
 * A function that asks a yes-or-no question on the terminal; undefined where nobody can answer. Only
 * `y` and `yes` are a yes.
 */
export function terminalConfirm(err: Output): ((question: string) => Promise<boolean>) | undefined {
  if (!isTerminal(0)) return undefined;
  return async (question) => {
    err.write(`${question} [y/N] `);
    return YES.test(readLine().trim());
  };
}

/** One line of stdin, which a terminal gives as a whole; empty at its end. */
function readLine(): string {
  const buffer = Buffer.alloc(256);
  let line = '';
  while (!line.includes('\n')) {
    let length = 0;
    try {
      length = fs.readSync(0, buffer);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      continue;
    }
    if (length === 0) break;
    line += buffer.toString('utf8', 0, length);
  }
  return line;
}

/** How long to wait before trying again when stdin does not block. */
const RETRY_MS = 20;
