import fs from 'node:fs';
import type { RecordingLine } from '../../recording/lines.ts';

/** How a file ended. */
export interface FileEnd {
  /** What made it unreadable; undefined where the file ended. */
  error: Error | undefined;
}

/** Bytes of the file read at a time. */
const PIECE_BYTES = 64 * 1024;
/**
 * Size of the buffer for unpacked bytes, which arrive in pieces, one behind the other in the same memory; only the used
 * part is touched. A first snapshot of 100,000 sockets fits.
 */
const UNPACKED_BYTES = 8 * 1024 * 1024;
/** Longest line, bytes; no recording has a longer one. */
const LONGEST_LINE = 256 * 1024 * 1024;
const NEWLINE = 0x0a;

/** The parsed lines of a gzip file, as {@link textsOfFile}. A line that is not JSON ends it, with its error in `end`. */
export async function* linesOfFile(fd: number, end: FileEnd): AsyncGenerator<RecordingLine> {
  for await (const text of textsOfFile(fd, end)) {
    let line: RecordingLine;
    try {
      line = JSON.parse(text) as RecordingLine;
    } catch (error) {
      end.error = error as Error;
      return;
    }
    yield line;
  }
}

/**
 * The lines of a gzip file as text. Where the file is cut off, complete lines are returned and a partial line at the end
 * is not. Bytes that cannot be unpacked or read end it too, with the error in `end`. Closes the file.
 */
export async function* textsOfFile(fd: number, end: FileEnd): AsyncGenerator<string> {
  const { constants, createGunzip } = process.getBuiltinModule('node:zlib');
  const file = fs.createReadStream('', { fd, highWaterMark: PIECE_BYTES });
  // Flushed data can be unpacked also where the end of the file is missing.
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: UNPACKED_BYTES });
  file.once('error', (error) => gunzip.destroy(error));
  const line = new LineBytes();
  try {
    for await (const piece of file.pipe(gunzip) as AsyncIterable<Uint8Array>) {
      let begin = 0;
      for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, begin)) {
        yield line.end(piece.subarray(begin, at));
        begin = at + 1;
      }
      line.add(piece.subarray(begin));
      if (line.length > LONGEST_LINE) throw new Error('a line is too long');
    }
  } catch (error) {
    end.error = error as Error;
  } finally {
    gunzip.destroy();
    file.destroy();
  }
}

/** Collects the bytes of a line that arrives in pieces, and decodes them once. */
class LineBytes {
  readonly #decoder = new TextDecoder();
  #pieces: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#length += piece.length;
    const last = this.#pieces.at(-1);
    const isNext = last?.buffer === piece.buffer && last.byteOffset + last.length === piece.byteOffset;
    if (!isNext) this.#pieces.push(piece);
    // Adjacent pieces of the same memory are joined without copying.
    else this.#pieces[this.#pieces.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + piece.length);
  }

  /** Adds the last piece. @returns the text of the line */
  end(last: Uint8Array): string {
    this.add(last);
    const [only = last, ...others] = this.#pieces;
    const text = this.#decoder.decode(others.length === 0 ? only : Buffer.concat(this.#pieces));
    this.#pieces = [];
    this.#length = 0;
    return text;
  }
}
