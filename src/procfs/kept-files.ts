import fs from 'node:fs';
import { errnoOf } from '../base/errno.ts';
import { isGoneOrDenied, readProcText } from './read.ts';

/** Room for one read: the longest of the files that are read again and again has some 6 KiB. */
const ROOM_BYTES = 64 * 1024;
/** One for all, made when it is first needed: nothing stays in it. */
let room: Buffer | undefined;

/** An open file, and what it said. */
interface Kept {
  fd: number;
  bytes: Buffer;
  text: string;
}

/**
 * Files of the proc file system that are read at every tick and stay open meanwhile: to read one again
 * from its beginning costs a seventh of what opening it costs. An open file of `/proc/PID/net` holds
 * the namespace, as any socket does, until {@link close}.
 */
export class KeptFiles {
  readonly #kept = new Map<string, Kept>();

  /** As `readProcText`; the same string as before where nothing has changed. */
  read(path: string): string | undefined {
    try {
      const kept = this.#kept.get(path) ?? this.#open(path);
      room ??= Buffer.allocUnsafeSlow(ROOM_BYTES);
      const length = fs.readSync(kept.fd, room, 0, ROOM_BYTES, 0);
      // A longer one comes in several pieces: the plain way knows how.
      if (length === ROOM_BYTES) return readProcText(path);
      if (length !== kept.bytes.length || room.compare(kept.bytes, 0, length, 0, length) !== 0) {
        kept.bytes = Buffer.from(room.subarray(0, length));
        kept.text = kept.bytes.toString('latin1');
      }
      return kept.text;
    } catch (error) {
      if (isGoneOrDenied(error)) return undefined;
      const code = errnoOf(error);
      if (code === 'EMFILE' || code === 'ENFILE') return readProcText(path);
      throw error;
    }
  }

  close(): void {
    for (const { fd } of this.#kept.values()) fs.closeSync(fd);
    this.#kept.clear();
  }

  #open(path: string): Kept {
    const kept = { fd: fs.openSync(path, 'r'), bytes: Buffer.alloc(0), text: '' };
    this.#kept.set(path, kept);
    return kept;
  }
}
