import zlib from 'node:zlib';
import type { Mailbox } from './mailbox.ts';

/** A comment comes so often where nothing else does, milliseconds: it keeps proxies from closing the stream. */
const COMMENT_MS = 15_000;

/** zlib's settings for streams that live long: a window of 16 kB and little memory each, 40 kB instead of 260. */
const GZIP = { level: 1, windowBits: 14, memLevel: 6 };

/**
 * The bytes of an event stream, https://html.spec.whatwg.org/multipage/server-sent-events.html. Nothing is taken from
 * the mailbox before the reader has taken what was sent.
 *
 * @param onEnd called once when the reader leaves, or the mailbox is closed
 */
export function eventStream(mailbox: Mailbox, gzipped: boolean, onEnd: () => void): ReadableStream<Uint8Array> {
  const encode = gzipped ? new Compressor() : new TextEncoder();
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    if (encode instanceof Compressor) encode.close();
    onEnd();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const events = await mailbox.take(COMMENT_MS);
        if (isOver) return;
        if (events === undefined) {
          end();
          controller.close();
          return;
        }
        const text = events.map(({ kind, id, data }) => `event: ${kind}\nid: ${id}\ndata: ${data}\n\n`).join('');
        const bytes = await encode.encode(text === '' ? ': still here\n\n' : text);
        if (!isOver) controller.enqueue(bytes);
      },
      cancel() {
        end();
        mailbox.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Compresses pieces of a stream, each of which can be read as soon as it has arrived. */
class Compressor {
  readonly #gzip = zlib.createGzip(GZIP);
  #pieces: Uint8Array[] = [];

  constructor() {
    this.#gzip.on('data', (piece: Uint8Array) => this.#pieces.push(piece));
  }

  async encode(text: string): Promise<Uint8Array> {
    this.#gzip.write(text);
    await new Promise<void>((resolve) => this.#gzip.flush(zlib.constants.Z_SYNC_FLUSH, () => resolve()));
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    return bytes;
  }

  close(): void {
    this.#gzip.close();
  }
}
