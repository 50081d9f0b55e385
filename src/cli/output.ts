import fs from 'node:fs';
import { createRequire } from 'node:module';
import { errnoOf, reasonOf } from '../base/errno.ts';
import type { Output } from '../commands/context.ts';
import { EXIT, errorLine, exitStatus } from '../commands/errors.ts';
import { Failure } from '../model/failure.ts';

/** Time to wait before writing again to a full non-blocking pipe. */
const RETRY_MS = 5;

/**
 * Writes directly to a file descriptor: Node's streams would have to be loaded first. When the reader of standard
 * output closes the pipe (`| head`), the process ends with status 0. What standard error does not take is lost: there is
 * nowhere to say so, and the exit status is that of the command.
 *
 * @returns an output whose `write` throws a {@link Failure} of kind `io` for a full disk
 */
export function descriptorOutput(fd: 1 | 2): Output {
  const terminal = isTerminal(fd);
  return {
    get columns() {
      return terminal ? terminalColumns(fd) : undefined;
    },
    colour: terminal && !process.env.NO_COLOR,
    write(text) {
      const bytes = typeof text === 'string' ? Buffer.from(text) : text;
      for (let at = 0; at < bytes.length; ) at += writeSome(fd, bytes, at);
    },
  };
}

/** An output that ends the process when it fails: for a library that would print the stack of an error. */
export function endingAtError(output: Output): { write(text: string): void } {
  return {
    write(text) {
      try {
        output.write(text);
      } catch (error) {
        descriptorOutput(2).write(`${errorLine(error)}\n`);
        process.exit(exitStatus(error));
      }
    },
  };
}

function writeSome(fd: 1 | 2, bytes: Uint8Array, at: number): number {
  try {
    return fs.writeSync(fd, bytes, at);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EAGAIN') {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      return 0;
    }
    if (fd === 2) return bytes.length;
    if (code === 'EPIPE') process.exit(EXIT.OK);
    throw new Failure('io', `standard output: cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}

/** Whether a descriptor is a terminal. node:tty is loaded for character devices only: it loads node:net. */
export function isTerminal(fd: 0 | 1 | 2): boolean {
  try {
    if (!fs.fstatSync(fd).isCharacterDevice()) return false;
  } catch {
    // The descriptor is closed.
    return false;
  }
  const tty = createRequire(import.meta.url)('node:tty') as typeof import('node:tty');
  return tty.isatty(fd);
}

/** Current width: Node updates it when the terminal is resized. A terminal that reports none has that of COLUMNS, or 80. */
function terminalColumns(fd: 1 | 2): number {
  const stream = fd === 1 ? process.stdout : process.stderr;
  return stream.columns || Number(process.env.COLUMNS) || 80;
}
