import fs from 'node:fs';
import { errnoOf } from '../../base/errno.ts';
import { SystemCallError, type SystemCalls } from '../system-calls.ts';
import { Attributes, BPF_COMMAND, ITER_CREATE } from './attributes.ts';
import { attempt, BpfError } from './bpf-error.ts';

/** The kernel gives at most its own buffer of some 32 KiB at a time, kernel/bpf/bpf_iter.c. */
const READ_BYTES = 64 * 1024;

/**
 * Runs an iterator over all of its objects and reads what its program wrote.
 *
 * @param linkFd see `LoadedProgram.createIteratorLink`
 * @returns all bytes, in memory of their own
 * @throws {BpfError}
 */
export function readIterator(calls: SystemCalls, linkFd: number): Uint8Array {
  const attributes = new Attributes(calls, { [ITER_CREATE.linkFd]: linkFd });
  const fd = attempt('opening an iterator', () => attributes.call(BPF_COMMAND.ITER_CREATE));
  try {
    return readToEnd((buffer, offset) => fs.readSync(fd, buffer, offset, buffer.length - offset, null));
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Reads until there is no more.
 *
 * @param read reads into a buffer from an offset on; returns how many bytes, 0 at the end
 */
export function readToEnd(read: (buffer: Buffer, offset: number) => number): Uint8Array {
  let buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  let length = 0;
  for (;;) {
    if (buffer.length - length < READ_BYTES) {
      const larger = Buffer.allocUnsafeSlow(buffer.length * 2);
      larger.set(buffer.subarray(0, length));
      buffer = larger;
    }
    try {
      const count = read(buffer, length);
      if (count === 0) return buffer.subarray(0, length);
      length += count;
    } catch (error) {
      // After 1,000,000 objects without output the kernel lets others run; it continues where it was.
      if (errnoOf(error) === 'EAGAIN') continue;
      throw asBpfError(error);
    }
  }
}

function asBpfError(error: unknown): unknown {
  const code = errnoOf(error);
  if (code === undefined) return error;
  const errno = Math.abs(Number((error as NodeJS.ErrnoException).errno ?? 0));
  return new BpfError('reading an iterator', new SystemCallError('read', errno, code, { cause: error }));
}
