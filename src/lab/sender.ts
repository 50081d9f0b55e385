import net from 'node:net';
import type { LoadError } from '../model/report/load-report.ts';
import { AnswerReader, type HttpAnswer } from './answer-reader.ts';

/** A webhook, and the first request of a new client, which is answered without a query. */
const REQUEST = {
  WEBHOOK: Buffer.from('POST /webhook HTTP/1.1\r\nHost: lab\r\nContent-Length: 2\r\n\r\n{}'),
  HELLO: Buffer.from('GET /hello HTTP/1.1\r\nHost: lab\r\n\r\n'),
} as const;

/** Called when a request has finished; undefined for an answer with status 200. */
export type OnEnd = (error: LoadError | undefined) => void;

/** A client that sends webhooks on a connection that stays open, one request at a time. */
export class Sender {
  readonly #socket: net.Socket;
  readonly #reader = new AnswerReader();
  #onEnd: OnEnd | undefined;
  #closed = false;

  /**
   * Starts to connect. A request before that is sent when the connection is established.
   *
   * @param onIdle called after each answer
   * @param onClose called once, when the connection is closed
   */
  constructor(
    { host, port }: { host: string; port: number },
    onIdle: (sender: Sender) => void,
    onClose: (sender: Sender) => void,
  ) {
    this.#socket = net.connect({ host, port, noDelay: true });
    this.#socket.on('error', () => {});
    this.#socket.on('data', (bytes) => {
      const answer = this.#reader.read(bytes);
      if (answer === undefined) return;
      this.#end(errorOf(answer));
      onIdle(this);
    });
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#end('connection');
      onClose(this);
    });
  }

  /** True when nothing more can be sent. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Sends a request; the previous one must have finished. */
  send(request: keyof typeof REQUEST, onEnd: OnEnd): void {
    this.#onEnd = onEnd;
    this.#socket.write(REQUEST[request]);
  }

  /** Ends the current request as timed out, and closes the connection. */
  abandon(): void {
    this.#end('timeout');
    this.#socket.destroy();
  }

  /** Closes the connection; a pending request ends with an error. */
  close(): void {
    this.#socket.destroy();
  }

  #end(error: LoadError | undefined): void {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.(error);
  }
}

function errorOf({ status, body }: HttpAnswer): LoadError | undefined {
  if (status === 200) return undefined;
  if (body.includes('Error 1040')) return 'tooManyConnections';
  return /EMFILE|ENFILE/.test(body) ? 'descriptors' : 'otherAnswer';
}
