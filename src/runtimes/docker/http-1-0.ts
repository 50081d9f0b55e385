import { type HttpAnswer, HttpError, type HttpLimits } from './http.ts';

/**
 * A GET in HTTP/1.0. The server may then neither send chunks (RFC 9112 section 6.1) nor interim answers
 * (RFC 9110 section 15.2), and closes when the answer is complete. Docker and Podman, whose server is Go's
 * net/http, and the proxies in front of them comply.
 *
 * @param target path and query, percent-encoded
 */
export function http10Request(target: string): Buffer {
  return Buffer.from(`GET ${target} HTTP/1.0\r\nHost: localhost\r\nUser-Agent: socklens\r\n\r\n`, 'latin1');
}

/** The answer's status line and header. */
interface Head {
  status: number;
  headers: ReadonlyMap<string, string>;
  /** Content-Length; undefined where the end of the connection ends the body. */
  length: number | undefined;
}

/**
 * Reads the answer to {@link http10Request} from pieces, however they are cut.
 *
 * It exists because of the start-up time of one-shot commands: loading `node:http` takes longer than
 * the whole exchange.
 */
export class Http10Reader {
  readonly #limits: HttpLimits;
  #pieces: Buffer[] = [];
  /** Bytes of {@link #pieces}: of the header until that is complete, of the body from then on. */
  #bytes = 0;
  #head: Head | undefined;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  /**
   * Takes the next bytes, which must not change afterwards.
   *
   * @returns true when the body has its declared length; what comes after it is ignored
   * @throws {HttpError} for bytes that are not HTTP or exceed the limits
   */
  push(piece: Buffer): boolean {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#head === undefined) this.#takeHead();
    if (this.#head === undefined) return false;
    if (this.#bytes > this.#limits.body) throw tooLong('body', this.#limits.body);
    return this.#head.length !== undefined && this.#bytes >= this.#head.length;
  }

  /**
   * Gives the answer after the last byte.
   *
   * @throws {HttpError} when the answer is incomplete
   */
  end(): HttpAnswer {
    const head = this.#head;
    if (head === undefined) throw new HttpError('the connection ended before its header was complete');
    if (this.#bytes < (head.length ?? 0)) {
      throw new HttpError(`the connection ended after ${this.#bytes} bytes of an unfinished body`);
    }
    const body = Buffer.concat(this.#pieces, head.length ?? this.#bytes);
    return { status: head.status, headers: head.headers, body };
  }

  #takeHead(): void {
    const bytes = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
    // The first bytes show whether the peer speaks another protocol.
    if (!looksLikeHttp(bytes)) throw new HttpError(`it is not HTTP/1: ${quote(bytes)}`);
    const end = bytes.indexOf('\r\n\r\n');
    if ((end < 0 ? bytes.length : end) > this.#limits.header) throw tooLong('header', this.#limits.header);
    this.#pieces = [bytes];
    if (end < 0) return;
    this.#head = parseHead(bytes.toString('latin1', 0, end));
    if ((this.#head.length ?? 0) > this.#limits.body) throw tooLong('body', this.#limits.body);
    this.#pieces = [bytes.subarray(end + 4)];
    this.#bytes = bytes.length - (end + 4);
  }
}

/** @throws {HttpError} */
function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const status = /^HTTP\/1\.[01] ([2-5]\d\d)(?: |$)/.exec(first)?.[1];
  if (status === undefined) throw new HttpError(`it is not HTTP/1: ${quote(first)}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new HttpError(`a header line without a name: ${quote(line)}`);
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const coding = headers.get('transfer-encoding');
  if (coding !== undefined) throw new HttpError(`a transfer coding, which HTTP/1.0 rules out: ${quote(coding)}`);
  if (status === '204' || status === '304') return { status: Number(status), headers, length: 0 };
  const length = headers.get('content-length');
  if (length === undefined) return { status: Number(status), headers, length };
  if (!/^\d{1,15}$/.test(length)) throw new HttpError(`a length that is not a number: ${quote(length)}`);
  return { status: Number(status), headers, length: Number(length) };
}

const MAGIC = Buffer.from('HTTP/1.', 'latin1');

function looksLikeHttp(head: Buffer): boolean {
  const length = Math.min(head.length, MAGIC.length);
  return head.subarray(0, length).equals(MAGIC.subarray(0, length));
}

function tooLong(part: 'header' | 'body', limit: number): HttpError {
  return new HttpError(`its ${part} is longer than ${limit} bytes`);
}

/** The first characters, in a form that is safe for a terminal. */
function quote(raw: Buffer | string): string {
  const start = typeof raw === 'string' ? raw.slice(0, 40) : raw.toString('latin1', 0, 40);
  return JSON.stringify(start).replace(/[\u007f-\u009f]/g, '?');
}
