import fs from 'node:fs';
import { errnoOf } from '../../base/errno.ts';
import { Failure } from '../../model/failure.ts';
import type { RecordingLine } from '../../recording/lines.ts';
import { Redactor } from '../../recording/redactor.ts';

/** Characters that are compressed together at most: each time is work for another thread. */
const MOST_WAITING = 256 * 1024;

/** Makes of a line the one that is written. */
export type ChangeLine = (line: RecordingLine) => RecordingLine;

/** Replaces names and addresses, see {@link Redactor}. */
export function redacting(): ChangeLine {
  const redactor = new Redactor();
  return (line) => redactor.line(line);
}

/**
 * A recording that is being written: gzip, flushed after every tick, so that a file which ends anywhere can
 * be read up to there.
 */
export class RecordingFile {
  readonly path: string;
  readonly #fd: number;
  readonly #change: ChangeLine;
  readonly #gzip: import('node:zlib').Gzip;
  /** Lines that are not compressed yet. */
  #waiting = '';
  #bytes = 0;
  #error: Error | undefined;

  private constructor(path: string, fd: number, gzip: import('node:zlib').Gzip, change: ChangeLine) {
    this.path = path;
    this.#fd = fd;
    this.#gzip = gzip;
    this.#change = change;
    gzip.on('data', (piece: Uint8Array) => this.#write(piece));
    gzip.on('error', (error) => {
      this.#error ??= error;
    });
  }

  /**
   * Checks that the file does not exist yet, before sampling starts.
   *
   * @throws {Failure} `usage` when the file exists, and for `-`
   */
  static mayCreate(path: string): void {
    if (path === '-')
      throw new Failure('usage', '-: a recording is not written to standard output; name a file (./- for this one)');
    if (fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw cannot(path, 'EEXIST');
  }

  /**
   * Creates the file.
   *
   * @param change made to each line, such as {@link redacting}; none by default
   * @throws {Failure} `usage` when it exists or cannot be created
   */
  static create(path: string, change: ChangeLine = (line) => line): RecordingFile {
    let fd: number;
    try {
      // Readable by its owner only: addresses and names may be confidential.
      fd = fs.openSync(path, 'wx', 0o600);
    } catch (error) {
      throw cannot(path, errnoOf(error), error);
    }
    const zlib = process.getBuiltinModule('node:zlib');
    return new RecordingFile(path, fd, zlib.createGzip({ level: 6, memLevel: 9 }), change);
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a line; {@link flush} writes it to the disk. */
  add(line: RecordingLine): void {
    this.addText(JSON.stringify(this.#change(line)));
  }

  /** Adds a line of another recording as it is. */
  addText(line: string): void {
    this.#waiting += `${line}\n`;
    if (this.#waiting.length >= MOST_WAITING) this.#compress();
  }

  /** Writes everything so far to the file. @throws {Failure} `io` when it cannot be written */
  async flush(): Promise<void> {
    const { constants } = process.getBuiltinModule('node:zlib');
    this.#compress();
    await new Promise<void>((resolve) => this.#gzip.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    this.#check();
  }

  /** Writes the rest and closes the file. @throws {Failure} `io` when it cannot be written */
  async close(): Promise<void> {
    this.#compress();
    await new Promise<void>((resolve) => {
      this.#gzip.once('close', resolve);
      this.#gzip.end();
      this.#gzip.resume();
    });
    fs.closeSync(this.#fd);
    this.#check();
  }

  #compress(): void {
    if (this.#waiting === '') return;
    this.#gzip.write(this.#waiting);
    this.#waiting = '';
  }

  #write(piece: Uint8Array): void {
    try {
      for (let at = 0; at < piece.length; ) at += fs.writeSync(this.#fd, piece, at);
      this.#bytes += piece.length;
    } catch (error) {
      this.#error ??= error as Error;
    }
  }

  #check(): void {
    if (this.#error === undefined) return;
    const why = (this.#error as NodeJS.ErrnoException).code ?? this.#error.message;
    throw new Failure('io', `${this.path}: cannot write to it (${why}); the samples written so far can be read`, {
      cause: this.#error,
    });
  }
}

function cannot(path: string, code: string | undefined, cause?: unknown): Failure {
  const why = code === 'EEXIST' ? 'already exists; choose another file or remove it' : `cannot create it (${code})`;
  return new Failure('usage', `${path}: ${why}`, { cause });
}
