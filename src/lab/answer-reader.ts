/** A complete HTTP answer. */
export interface HttpAnswer {
  status: number;
  body: string;
}

/** Parses HTTP/1.1 answers with a Content-Length from a stream of bytes, for one request at a time. */
export class AnswerReader {
  #text = '';

  /** Takes the next bytes. @returns the answer when it is complete, otherwise undefined */
  read(bytes: Buffer): HttpAnswer | undefined {
    this.#text += bytes.toString('latin1');
    const head = this.#text.indexOf('\r\n\r\n');
    if (head < 0) return undefined;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#text)?.[1] ?? 0);
    const body = this.#text.slice(head + 4);
    if (body.length < length) return undefined;
    // `HTTP/1.1 200 OK`
    const status = Number(this.#text.slice(9, 12));
    this.#text = '';
    return { status, body };
  }
}
