import fs from 'node:fs';
import { createRequire } from 'node:module';
import { errnoOf } from '../base/errno.ts';
import type { Output } from '../flows/context.ts';
import { EXIT } from './exit-status.ts';

/** How long to wait before trying again when a pipe's reader is slow and the pipe does not block. */
const RETRY_MS = 5;

/**
 * Writes straight to a file descriptor, which spares a one-shot command the loading of Node's
 * streams. A reader that closed the pipe (`| head`) ends the process quietly.
 */
export function descriptorOutput(fd: 1 | 2): Output {
  const columns = isTerminal(fd) ? terminalColumns(fd) : undefined;
  return {
    columns,
    write(text) {
      const bytes = typeof text === 'string' ? Buffer.from(text) : text;
      for (let at = 0; at < bytes.length; ) at += writeSome(fd, bytes, at);
    },
  };
}

function writeSome(fd: number, bytes: Uint8Array, at: number): number {
  try {
    return fs.writeSync(fd, bytes, at);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EPIPE') process.exit(EXIT.OK);
    if (code !== 'EAGAIN') throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    return 0;
  }
}

/** Only a character device can be a terminal; nothing else is worth loading node:tty and node:net for. */
export function isTerminal(fd: 0 | 1 | 2): boolean {
  try {
    if (!fs.fstatSync(fd).isCharacterDevice()) return false;
  } catch {
    // Closed by who started this: not the place to complain.
    return false;
  }
  const tty = createRequire(import.meta.url)('node:tty') as typeof import('node:tty');
  return tty.isatty(fd);
}

function terminalColumns(fd: 1 | 2): number {
  const stream = fd === 1 ? process.stdout : process.stderr;
  return stream.columns || 80;
}
