import fs from 'node:fs';
import type { RecordingLine } from '../../recording/lines.ts';

/** How a file ended. */
export interface FileEnd {
  /** What made it unreadable; undefined where there was just no more. */
  error: Error | undefined;
}

/** So much of the file is read at a time. */
const PIECE_BYTES = 64 * 1024;
/**
 * A buffer for so much that is unpacked: it comes in pieces, one behind the other in the same memory, of which
 * only what is used is touched. A first state of 100,000 sockets fits.
 */
const UNPACKED_BYTES = 8 * 1024 * 1024;
/** A longer line is none of ours. */
const LONGEST_LINE = 256 * 1024 * 1024;
const NEWLINE = 0x0a;

/** The lines of a packed file, as {@link textsOfFile} has them. What is no JSON ends it as well. */
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
 * The lines of a packed file as text. Where the file is cut off, all lines that are whole are handed on, and
 * half a line at the end is not; what cannot be unpacked or read ends it as well, and is told in `end`.
 * Closes the file.
 */
export async function* textsOfFile(fd: number, end: FileEnd): AsyncGenerator<string> {
  const { constants, createGunzip } = process.getBuiltinModule('node:zlib');
  const file = fs.createReadStream('', { fd, highWaterMark: PIECE_BYTES });
  // What was flushed can be unpacked, whether or not there is an end.
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

/** The bytes of a line that comes in pieces: decoded once, when all are there. */
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
    // Most often they stand side by side, and need not be copied.
    else this.#pieces[this.#pieces.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + piece.length);
  }

  /** The text of the line, with its last piece. */
  end(last: Uint8Array): string {
    this.add(last);
    const [only = last, ...others] = this.#pieces;
    const text = this.#decoder.decode(others.length === 0 ? only : Buffer.concat(this.#pieces));
    this.#pieces = [];
    this.#length = 0;
    return text;
  }
}
