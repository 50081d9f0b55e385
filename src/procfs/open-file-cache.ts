import fs from 'node:fs';
import { errnoOf } from '../base/errno.ts';
import { isGoneOrDenied, readProcText } from './read.ts';

/** Bytes of one read: the longest file that is read repeatedly has some 6 KiB. */
const BUFFER_BYTES = 64 * 1024;
/** One for all files, allocated on first use; its contents are copied. */
let buffer: Buffer | undefined;

/** An open file and its last contents. */
interface OpenFile {
  fd: number;
  bytes: Buffer;
  text: string;
}

/**
 * Files of the proc file system that stay open because they are read at every tick: reading an open file
 * from its beginning takes a seventh of the time of opening it. An open file of `/proc/PID/net` holds the
 * network namespace, as a socket does, until {@link close}.
 */
export class OpenFileCache {
  readonly #files = new Map<string, OpenFile>();
  readonly #isValid: () => boolean;

  /**
   * @param isValid asked after a file was opened: whether its path led to the wanted process, whose PID may have been
   *   reused. What an open file refers to does not change
   */
  constructor(isValid: () => boolean = () => true) {
    this.#isValid = isValid;
  }

  /** As `readProcText`; returns the same string as before where nothing has changed. */
  read(path: string): string | undefined {
    try {
      const file = this.#files.get(path) ?? this.#open(path);
      if (file === undefined) return undefined;
      buffer ??= Buffer.allocUnsafeSlow(BUFFER_BYTES);
      const length = fs.readSync(file.fd, buffer, 0, BUFFER_BYTES, 0);
      // A longer file takes several reads.
      if (length === BUFFER_BYTES) return this.#readOnce(path);
      if (length !== file.bytes.length || buffer.compare(file.bytes, 0, length, 0, length) !== 0) {
        file.bytes = Buffer.from(buffer.subarray(0, length));
        file.text = file.bytes.toString('latin1');
      }
      return file.text;
    } catch (error) {
      if (isGoneOrDenied(error)) return undefined;
      const code = errnoOf(error);
      // No descriptor is left to stay open.
      if (code === 'EMFILE' || code === 'ENFILE') return this.#readOnce(path);
      throw error;
    }
  }

  close(): void {
    for (const { fd } of this.#files.values()) fs.closeSync(fd);
    this.#files.clear();
  }

  #readOnce(path: string): string | undefined {
    const text = readProcText(path);
    return this.#isValid() ? text : undefined;
  }

  /** @returns undefined when the path does not lead to the wanted process any more */
  #open(path: string): OpenFile | undefined {
    const fd = fs.openSync(path, 'r');
    if (!this.#isValid()) {
      fs.closeSync(fd);
      return undefined;
    }
    const file = { fd, bytes: Buffer.alloc(0), text: '' };
    this.#files.set(path, file);
    return file;
  }
}
