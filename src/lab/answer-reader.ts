/** An HTTP answer that has come in whole. */
export interface HttpAnswer {
  status: number;
  body: string;
}

/** Reads HTTP/1.1 answers with a Content-Length from a stream of bytes; one request is under way at a time. */
export class AnswerReader {
  #text = '';

  /** @returns the answer when its last byte came, otherwise undefined */
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
