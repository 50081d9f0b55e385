import fs from 'node:fs';
import { errnoOf } from '../base/errno.ts';
import type { Output } from '../commands/context.ts';
import { isTerminal } from './output.ts';

const YES = /^y(es)?$/i;

/** Asks a yes-or-no question on the terminal; undefined where stdin is not a terminal. Only `y` and `yes` confirm. */
export function terminalConfirm(err: Output): ((question: string) => Promise<boolean>) | undefined {
  if (!isTerminal(0)) return undefined;
  return async (question) => {
    err.write(`${question} [y/N] `);
    return YES.test(readLine().trim());
  };
}

/** Reads one line of stdin; empty at the end of input. */
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

/** Time to wait before reading again from a non-blocking stdin. */
const RETRY_MS = 20;
