import http2, {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import net from 'node:net';
import { framed, GrpcError, GrpcMessageReader } from './grpc-messages.ts';

/** Limits of a connection, which is made for one question of several calls or for one stream. */
export interface GrpcLimits {
  /** From connecting to the last whole answer, milliseconds; of a stream until it is opened. */
  deadlineMs: number;
  /** Largest message that is accepted. */
  messageBytes: number;
  /** Most bytes of all answers to calls together; those of streams are not counted. */
  totalBytes: number;
}

const MIB = 1024 * 1024;

/** The kubelet itself accepts messages of 16 MiB: a node whose answers are larger does not work. */
export const GRPC_LIMITS: GrpcLimits = { deadlineMs: 5000, messageBytes: 16 * MIB, totalBytes: 64 * MIB };

/** Status codes of gRPC that callers tell apart, https://grpc.io/docs/guides/status-codes. */
export const GRPC_STATUS = {
  OK: 0,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  UNIMPLEMENTED: 12,
  UNAUTHENTICATED: 16,
} as const;

/** The server answered that it did not do what was asked. The message is its own text. */
export class GrpcStatusError extends Error {
  override readonly name = 'GrpcStatusError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** No whole answer within the deadline. */
export class GrpcDeadlineError extends Error {
  override readonly name = 'GrpcDeadlineError';
}

/** Receives what a stream of the server brings. */
export interface GrpcStreamListener {
  /** The connection is there and the call is sent. A server can still refuse it, and says nothing before its first message. */
  opened(): void;
  message(bytes: Uint8Array): void;
  /** The last call of the listener. @param error undefined where the server ended the stream with status 0 */
  ended(error: Error | undefined): void;
}

/**
 * A connection to a gRPC server on a UNIX socket: HTTP/2 without TLS, calls side by side.
 *
 * What a call throws: {@link GrpcStatusError}; {@link GrpcDeadlineError}; {@link GrpcError} for an answer that is not
 * gRPC's, is cut off or was broken off; an error with an errno's name in `code` where there is no connection.
 */
export class GrpcConnection {
  readonly #session: ClientHttp2Session;
  readonly #limits: GrpcLimits;
  readonly #calls = new Set<Call>();
  readonly #endMs: number;
  #failure: Error | undefined;
  #isReady = false;
  #received = 0;

  /** Begins to connect; the first call waits for that. @param path of the socket; 107 bytes at most, unix(7) */
  constructor(path: string, limits: GrpcLimits = GRPC_LIMITS) {
    this.#limits = limits;
    this.#endMs = performance.now() + limits.deadlineMs;
    const socket = net.connect({ path });
    // Before HTTP/2's own handler, which tells the calls only that they were cancelled.
    socket.on('error', (error) => this.#fail(error));
    this.#session = http2.connect('http://localhost', {
      createConnection: () => socket,
      settings: { enablePush: false },
    });
    this.#session.on('error', (error) => this.#fail(error));
    this.#session.on('remoteSettings', () => {
      this.#isReady = true;
      for (const call of this.#calls) call.connected();
    });
    this.#session.on('goaway', (code, lastStream) => {
      const why = new GrpcError(`it closed the connection before it had answered (GOAWAY ${code})`);
      this.#failure ??= why;
      for (const call of [...this.#calls]) if (code !== 0 || call.id > lastStream) call.fail(why);
    });
    this.#session.on('close', () => this.#fail(new GrpcError('it closed the connection before it had answered')));
  }

  /**
   * Calls a method with one answer.
   *
   * @param method `/runtime.v1.RuntimeService/Version`
   * @param metadata further headers, such as `containerd-namespace`
   */
  call(method: string, request: Uint8Array, metadata: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      let answer: Uint8Array | undefined;
      this.#start(method, request, metadata, {
        opened: () => {},
        message: (bytes) => {
          if (answer !== undefined) throw new GrpcError('there is a second message after the answer');
          answer = bytes;
        },
        ended: (error) => {
          if (error !== undefined) reject(error);
          else if (answer === undefined) reject(new GrpcError('there is no message in the answer'));
          else resolve(answer);
        },
      });
    });
  }

  /** Calls a method whose answers come as long as both sides live. Open streams do not keep the process alive. */
  stream(
    method: string,
    request: Uint8Array,
    listener: GrpcStreamListener,
    metadata: Readonly<Record<string, string>> = {},
  ): void {
    this.#start(method, request, metadata, listener, true);
    this.#session.unref();
  }

  /** Ends all calls and the connection. */
  close(): void {
    this.#fail(new GrpcError('the connection was closed'));
  }

  #start(
    method: string,
    request: Uint8Array,
    metadata: Readonly<Record<string, string>>,
    listener: GrpcStreamListener,
    stays = false,
  ): void {
    if (this.#failure !== undefined) {
      listener.ended(this.#failure);
      return;
    }
    const stream = this.#session.request({
      ...metadata,
      ':method': 'POST',
      ':path': method,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const call = new Call(stream, listener, this.#limits.messageBytes, {
      deadlineMs: Math.max(this.#endMs - performance.now(), 0),
      stays,
      received: (bytes) => this.#count(bytes),
      forget: () => this.#calls.delete(call),
    });
    this.#calls.add(call);
    stream.end(framed(request));
    if (this.#isReady) call.connected();
  }

  /** @throws {GrpcError} where the answers are too large together */
  #count(bytes: number): void {
    this.#received += bytes;
    const { totalBytes } = this.#limits;
    if (this.#received > totalBytes) throw new GrpcError(`its answers have more than ${totalBytes} bytes`);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const call of [...this.#calls]) call.fail(this.#failure);
    this.#session.destroy();
  }
}

/** What a call needs of its connection. */
interface CallContext {
  /** Time limit of the whole answer, milliseconds; of one that stays, until the connection is there. */
  deadlineMs: number;
  /** Whether its answers come as long as both sides live. */
  stays: boolean;
  /** Counts the bytes of a call that does not stay. @throws {GrpcError} */
  received(bytes: number): void;
  forget(): void;
}

/** One call: the end is told once, whatever comes first. */
class Call {
  readonly #stream: ClientHttp2Stream;
  readonly #listener: GrpcStreamListener;
  readonly #forget: () => void;
  readonly #reader: GrpcMessageReader;
  readonly #timer: NodeJS.Timeout;
  readonly #stays: boolean;
  #isConnected = false;
  #status: Error | 'ok' | undefined;
  #over = false;

  constructor(
    stream: ClientHttp2Stream,
    listener: GrpcStreamListener,
    messageBytes: number,
    { deadlineMs, stays, received, forget }: CallContext,
  ) {
    this.#stream = stream;
    this.#listener = listener;
    this.#forget = forget;
    this.#stays = stays;
    this.#reader = new GrpcMessageReader(messageBytes, (bytes) => listener.message(bytes));
    this.#timer = setTimeout(() => this.fail(new GrpcDeadlineError()), deadlineMs);
    if (stays) this.#timer.unref();
    stream.on('response', (headers) => this.#guarded(() => this.#answered(headers)));
    stream.on('trailers', (headers) => {
      this.#status = statusOf(headers);
    });
    stream.on('data', (bytes: Uint8Array) =>
      this.#guarded(() => {
        if (!stays) received(bytes.length);
        this.#reader.push(bytes);
      }),
    );
    stream.on('error', (error) => this.fail(streamError(error, stream.rstCode)));
    stream.on('close', () => this.#closed());
  }

  /** Number of the stream within the connection; Infinity before the connection is there. */
  get id(): number {
    return this.#stream.id ?? Number.POSITIVE_INFINITY;
  }

  /** The server speaks HTTP/2. */
  connected(): void {
    if (!this.#stays || this.#over || this.#isConnected) return;
    this.#isConnected = true;
    clearTimeout(this.#timer);
    this.#listener.opened();
  }

  fail(error: Error): void {
    if (this.#over) return;
    this.#end(error);
    this.#stream.close(http2.constants.NGHTTP2_CANCEL);
  }

  #answered(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    if (headers[':status'] !== 200) throw new GrpcError(`its HTTP status is ${headers[':status']}`);
    if (!headers['content-type']?.startsWith('application/grpc')) throw new GrpcError('its content is not of gRPC');
    // An answer without a message has its status here instead of in trailers.
    this.#status = statusOf(headers);
  }

  #guarded(step: () => void): void {
    if (this.#over) return;
    try {
      step();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  #closed(): void {
    if (this.#over) return;
    const { rstCode } = this.#stream;
    if (this.#status instanceof Error) this.#end(this.#status);
    else if (this.#status === undefined || this.#reader.partial) this.#end(cutOff(rstCode));
    else this.#end(undefined);
  }

  #end(error: Error | undefined): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#forget();
    this.#listener.ended(error);
  }
}

/** @returns undefined without a status, as in the headers before messages */
function statusOf(headers: IncomingHttpHeaders): Error | 'ok' | undefined {
  const status = headers['grpc-status'];
  if (status === undefined) return undefined;
  if (typeof status !== 'string' || !/^\d{1,3}$/.test(status)) return new GrpcError('its status is not a number');
  if (Number(status) === GRPC_STATUS.OK) return 'ok';
  const text = headers['grpc-message'];
  return new GrpcStatusError(Number(status), typeof text === 'string' ? decoded(text) : '');
}

/** Percent-encoded UTF-8; text that is not is returned as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function streamError(error: Error, code: number | undefined): Error {
  return (error as NodeJS.ErrnoException).code === 'ERR_HTTP2_STREAM_ERROR' ? cutOff(code) : error;
}

function cutOff(code: number | undefined): GrpcError {
  return new GrpcError(code ? `it broke the answer off (RST_STREAM ${code})` : 'the answer is cut off');
}
