import { HttpError } from './http-error.ts';

/** Longest line of a chunk's size or of a trailer. Extensions are allowed there; nobody sends any. */
const MAX_LINE = 4096;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Takes a chunked body apart, RFC 9112 section 7.1, however its bytes are cut:
 *
 *     5 CRLF  hello CRLF  0 CRLF  CRLF
 */
export class ChunkedBody {
  readonly #sink: (piece: Buffer) => void;
  #state: 'size' | 'data' | 'after-data' | 'trailer' | 'done' = 'size';
  /** Bytes of the current chunk that are still to come. */
  #left = 0;
  /** A line whose end has not come yet. */
  #line = '';

  /** @param sink takes the data; what it throws comes out of {@link push} */
  constructor(sink: (piece: Buffer) => void) {
    this.#sink = sink;
  }

  /**
   * @returns true after the last chunk and its trailer
   * @throws {HttpError} for a size that is none, or data that its size does not fit
   */
  push(bytes: Buffer): boolean {
    let at = 0;
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 'data') {
        const piece = bytes.subarray(at, at + this.#left);
        at += piece.length;
        this.#left -= piece.length;
        if (this.#left === 0) this.#state = 'after-data';
        this.#sink(piece);
      } else {
        const end = bytes.indexOf(LF, at);
        this.#line += bytes.toString('latin1', at, end < 0 ? bytes.length : end);
        if (this.#line.length > MAX_LINE) throw new HttpError('a chunk without a size');
        if (end < 0) return false;
        at = end + 1;
        this.#takeLine();
      }
    }
    return this.#state === 'done';
  }

  #takeLine(): void {
    if (this.#line.charCodeAt(this.#line.length - 1) !== CR)
      throw new HttpError('a chunk whose line does not end in CR LF');
    const line = this.#line.slice(0, -1);
    this.#line = '';
    if (this.#state === 'size') {
      // At most 32 bits: the limit on the body is far below.
      const size = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i.exec(line)?.[1];
      if (size === undefined) throw new HttpError('a chunk without a size');
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left === 0 ? 'trailer' : 'data';
    } else if (this.#state === 'after-data') {
      if (line !== '') throw new HttpError('a chunk that is longer than its size');
      this.#state = 'size';
    } else if (line === '') {
      this.#state = 'done';
    }
  }
}
