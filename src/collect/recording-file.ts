import fs from 'node:fs';
import { Failure } from '../model/failure.ts';
import type { RecordingLine } from '../recording/lines.ts';
import { RecordingError, RecordingReader } from '../recording/reader.ts';
import { Redactor } from '../recording/redact.ts';

/**
 * A recording that is being written: gzip, flushed after every tick, so that a file which ends anywhere can
 * be read up to there.
 */
export class RecordingFile {
  readonly path: string;
  readonly #fd: number;
  readonly #redactor: Redactor | undefined;
  readonly #gzip: import('node:zlib').Gzip;
  #bytes = 0;
  #error: Error | undefined;

  private constructor(path: string, fd: number, gzip: import('node:zlib').Gzip, redact: boolean) {
    this.path = path;
    this.#fd = fd;
    this.#gzip = gzip;
    this.#redactor = redact ? new Redactor() : undefined;
    gzip.on('data', (piece: Uint8Array) => this.#write(piece));
    gzip.on('error', (error) => {
      this.#error ??= error;
    });
  }

  /**
   * Makes the file.
   *
   * @throws {Failure} `usage` when it is there already or cannot be made
   */
  static create(path: string, redact: boolean): RecordingFile {
    let fd: number;
    try {
      // It may show what is nobody else's business.
      fd = fs.openSync(path, 'wx', 0o600);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why = code === 'EEXIST' ? 'it is there already' : `it cannot be made (${code})`;
      throw new Failure('usage', `${path}: ${why}`, { cause: error });
    }
    const zlib = process.getBuiltinModule('node:zlib');
    return new RecordingFile(path, fd, zlib.createGzip({ level: 6, memLevel: 9 }), redact);
  }

  /** Bytes that were written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  add(line: RecordingLine): void {
    this.#gzip.write(`${JSON.stringify(this.#redactor?.line(line) ?? line)}\n`);
  }

  /** Brings everything so far to the disk. @throws {Failure} `fault` when it cannot be written */
  async flush(): Promise<void> {
    const { constants } = process.getBuiltinModule('node:zlib');
    await new Promise<void>((resolve) => this.#gzip.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    this.#check();
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#gzip.once('close', resolve);
      this.#gzip.end();
      this.#gzip.resume();
    });
    fs.closeSync(this.#fd);
    this.#check();
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
    throw new Failure('fault', `${this.path}: it cannot be written (${why})`, { cause: this.#error });
  }
}

/** A recording that is being read. */
export interface OpenRecording {
  reader: RecordingReader;
  /** The lines behind the first, to be given to the reader. */
  lines: AsyncIterator<RecordingLine>;
  /** Whether the file ended before its end: it was cut off, or is still being written. */
  isCut(): boolean;
  close(): void;
}

/**
 * Opens a recording and reads its first line. One that was cut off is read up to there.
 *
 * @throws {Failure} `usage` when it cannot be read or is no recording
 */
export async function openRecording(path: string): Promise<OpenRecording> {
  const zlib = process.getBuiltinModule('node:zlib');
  let cut = false;
  const file = fs.createReadStream(path);
  const gunzip = zlib.createGunzip();
  let failed: NodeJS.ErrnoException | undefined;
  file.on('error', (error) => {
    failed = error;
    gunzip.destroy();
  });
  const lines = linesOf(file.pipe(gunzip), () => {
    cut = true;
  });
  const reader = new RecordingReader();
  const first = await lines.next();
  if (failed !== undefined)
    throw new Failure('usage', `${path}: it cannot be read (${failed.code})`, { cause: failed });
  try {
    if (first.done) throw new RecordingError('it is no recording of socklens');
    reader.begin(first.value);
  } catch (error) {
    if (error instanceof RecordingError) throw new Failure('usage', `${path}: ${error.message}`, { cause: error });
    throw error;
  }
  const close = () => {
    file.destroy();
    gunzip.destroy();
  };
  return { reader, lines, isCut: () => cut, close };
}

/**
 * The lines of a stream. What came before an error (the end of the file is missing, or is not what was
 * written) is handed on; half a line at the end is not.
 */
async function* linesOf(pieces: AsyncIterable<Buffer>, onCut: () => void): AsyncGenerator<RecordingLine> {
  let rest = '';
  const decoder = new TextDecoder();
  try {
    for await (const piece of pieces) {
      const texts = (rest + decoder.decode(piece, { stream: true })).split('\n');
      rest = texts.pop() ?? '';
      for (const text of texts) yield JSON.parse(text) as RecordingLine;
    }
  } catch {
    onCut();
    return;
  }
  if (rest !== '') onCut();
}
