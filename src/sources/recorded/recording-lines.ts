import type { RecordingLine } from '../../recording/lines.ts';
import type { LinesEnd } from './recording-input.ts';

/** Longest line, bytes; no recording has a longer one. */
const LONGEST_LINE = 256 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Parsed lines. A line that is not JSON ends them, with its error in `end`. */
export async function* parsedLines(texts: AsyncIterable<string>, end: LinesEnd): AsyncGenerator<RecordingLine> {
  for await (const text of texts) {
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

/** Lines of text in pieces of bytes that end anywhere. @throws of a line that is too long, and as the pieces do */
export async function* linesIn(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const line = new LineBytes();
  for await (const piece of pieces) {
    let begin = 0;
    for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, begin)) {
      yield line.end(piece.subarray(begin, at));
      begin = at + 1;
    }
    line.add(piece.subarray(begin));
    if (line.length > LONGEST_LINE) throw new Error('a line is too long');
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
    else
      this.#pieces[this.#pieces.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + piece.length);
  }

  /** Adds the last piece. @returns the text of the line */
  end(last: Uint8Array): string {
    this.add(last);
    const [only = last, ...others] = this.#pieces;
    const text = this.#decoder.decode(others.length === 0 ? only : joined(this.#pieces, this.#length));
    this.#pieces = [];
    this.#length = 0;
    return text;
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
