import fs from 'node:fs';
import { isGoneOrDenied, readProcText } from './read.ts';

/** Room for one read: the longest of the files that are read again and again has some 6 KiB. */
const ROOM_BYTES = 64 * 1024;

/**
 * Files of the proc file system that are read at every tick and stay open meanwhile: to read one again
 * from its beginning costs a seventh of what opening it costs. An open file of `/proc/PID/net` holds
 * the namespace, as any socket does, until {@link close}.
 */
export class KeptFiles {
  readonly #descriptors = new Map<string, number>();
  readonly #room = Buffer.allocUnsafeSlow(ROOM_BYTES);

  /** As `readProcText`. */
  read(path: string): string | undefined {
    try {
      const fd = this.#descriptors.get(path) ?? this.#open(path);
      const length = fs.readSync(fd, this.#room, 0, ROOM_BYTES, 0);
      // A longer one comes in several pieces: the plain way knows how.
      return length < ROOM_BYTES ? this.#room.toString('latin1', 0, length) : readProcText(path);
    } catch (error) {
      if (isGoneOrDenied(error)) return undefined;
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EMFILE' || code === 'ENFILE') return readProcText(path);
      throw error;
    }
  }

  close(): void {
    for (const fd of this.#descriptors.values()) fs.closeSync(fd);
    this.#descriptors.clear();
  }

  #open(path: string): number {
    const fd = fs.openSync(path, 'r');
    this.#descriptors.set(path, fd);
    return fd;
  }
}
