import { ChunkedBody } from './chunked-body.ts';
import { HttpError } from './http-error.ts';

/** An answer that came in whole. */
export interface HttpAnswer {
  status: number;
  /** Names in lower case; of a repeated one the last value. */
  headers: ReadonlyMap<string, string>;
  body: Buffer;
}

/** The most bytes that a header, and that a body, may have. */
export interface HttpLimits {
  header: number;
  body: number;
}

/** An Engine's list of thousands of containers has a few megabytes. */
export const HTTP_LIMITS: HttpLimits = { header: 64 * 1024, body: 64 * 1024 * 1024 };

/** How the length of a body is told, RFC 9112 section 6.3. */
type Framing = { kind: 'length'; left: number } | { kind: 'chunked'; decoder: ChunkedBody } | { kind: 'until-close' };

/**
 * Puts one HTTP/1.1 answer together from pieces, however they are cut, RFC 9112.
 *
 * It exists because a one-shot command's start is what counts: with `node:http` the exchange takes
 * more than twice as long, nearly all of it for loading that module. It reads answers to GET over a connection that serves one question.
 */
export class HttpResponseReader {
  readonly #limits: HttpLimits;
  /** Bytes of the header while it is incomplete. */
  #head: Buffer = Buffer.alloc(0);
  #status = 0;
  #headers = new Map<string, string>();
  #framing: Framing | undefined;
  readonly #body: Buffer[] = [];
  #bodyBytes = 0;
  #complete = false;

  constructor(limits: HttpLimits = HTTP_LIMITS) {
    this.#limits = limits;
  }

  /**
   * Takes the next bytes, which must not change afterwards.
   *
   * @returns true when the answer is complete; what comes after it is ignored
   * @throws {HttpError} for bytes that are no HTTP or exceed the limits
   */
  push(bytes: Buffer): boolean {
    if (this.#complete) return true;
    let rest: Buffer | undefined = bytes;
    // An interim answer (1xx) is followed by the real one.
    while (this.#framing === undefined) {
      rest = this.#takeHead(rest);
      if (rest === undefined) return false;
    }
    return this.#takeBody(rest);
  }

  /**
   * The other side has closed.
   *
   * @throws {HttpError} when it did so before the answer was complete
   */
  end(): HttpAnswer {
    if (this.#framing?.kind === 'until-close') this.#complete = true;
    if (!this.#complete) throw new HttpError(this.#whereCut());
    return { status: this.#status, headers: this.#headers, body: Buffer.concat(this.#body, this.#bodyBytes) };
  }

  #whereCut(): string {
    if (this.#framing !== undefined) return `it ended after ${this.#bodyBytes} bytes of an unfinished body`;
    return this.#head.length === 0 ? 'it ended without an answer' : 'it ended within the header';
  }

  /** @returns what follows the header; undefined while it is incomplete */
  #takeHead(bytes: Buffer): Buffer | undefined {
    const head = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
    // The first bytes tell at once that something else is talking.
    if (!looksLikeHttp(head)) throw new HttpError(`it is not HTTP: ${quote(head)}`);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0 ? head.length > this.#limits.header : end > this.#limits.header) {
      throw new HttpError(`its header is longer than ${this.#limits.header} bytes`);
    }
    if (end < 0) {
      this.#head = head;
      return undefined;
    }
    this.#head = Buffer.alloc(0);
    this.#parseHead(head.toString('latin1', 0, end));
    return head.subarray(end + 4);
  }

  #parseHead(text: string): void {
    const [first = '', ...lines] = text.split('\r\n');
    const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1];
    if (status === undefined) throw new HttpError(`it is not HTTP/1: ${quote(first)}`);
    this.#status = Number(status);
    this.#headers = new Map();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon < 1) throw new HttpError(`a header line without a name: ${quote(line)}`);
      this.#headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    if (this.#status >= 200) this.#framing = this.#readFraming();
  }

  #readFraming(): Framing {
    if (this.#status === 204 || this.#status === 304) return { kind: 'length', left: 0 };
    const coding = this.#headers.get('transfer-encoding');
    if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked') throw new HttpError(`an unknown transfer coding: ${quote(coding)}`);
      return { kind: 'chunked', decoder: new ChunkedBody((piece) => this.#keep(piece)) };
    }
    const length = this.#headers.get('content-length');
    if (length === undefined) return { kind: 'until-close' };
    if (!/^\d{1,15}$/.test(length)) throw new HttpError(`a length that is no number: ${quote(length)}`);
    this.#checkSize(Number(length));
    return { kind: 'length', left: Number(length) };
  }

  #takeBody(bytes: Buffer): boolean {
    const framing = this.#framing;
    if (framing?.kind === 'chunked') {
      this.#complete = framing.decoder.push(bytes);
    } else if (framing?.kind === 'length') {
      const piece = bytes.subarray(0, framing.left);
      framing.left -= piece.length;
      this.#keep(piece);
      this.#complete = framing.left === 0;
    } else {
      this.#keep(bytes);
    }
    return this.#complete;
  }

  #keep(piece: Buffer): void {
    this.#checkSize(this.#bodyBytes + piece.length);
    this.#bodyBytes += piece.length;
    if (piece.length > 0) this.#body.push(piece);
  }

  #checkSize(bytes: number): void {
    if (bytes > this.#limits.body) throw new HttpError(`its body is longer than ${this.#limits.body} bytes`);
  }
}

const MAGIC = Buffer.from('HTTP/1.', 'latin1');

function looksLikeHttp(head: Buffer): boolean {
  const length = Math.min(head.length, MAGIC.length);
  return head.subarray(0, length).equals(MAGIC.subarray(0, length));
}

/** The first characters, in a form that is safe for a terminal. */
function quote(raw: Buffer | string): string {
  return JSON.stringify(raw.toString('latin1').slice(0, 40)).replace(/[\u007f-\u009f]/g, '?');
}
