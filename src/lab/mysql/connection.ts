import net from 'node:net';
import { handshakeResponse, query, quit } from './client-packets.ts';
import { ANSWER } from './constants.ts';
import { PacketReader } from './packet.ts';

/** An error answer of the server, or a connection that failed. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  /** Error number of the server, 1040; or an errno's name, `EMFILE`. */
  readonly code: number | string;

  constructor(code: number | string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A client's connection: one query at a time. */
export class DatabaseConnection {
  readonly #socket: net.Socket;
  readonly #reader = new PacketReader();
  /** Receives the packets of the current answer. */
  #onPayload: ((payload: Buffer) => void) | undefined;
  #onError: ((error: Error) => void) | undefined;
  #failure: Error | undefined;

  /**
   * Connects and logs in.
   *
   * @throws {DatabaseError} with code 1040 when the server has too many connections
   */
  static async open(host: string, port: number): Promise<DatabaseConnection> {
    const connection = new DatabaseConnection(net.connect({ host, port, noDelay: true }));
    await connection.#exchange(undefined, 1);
    await connection.#exchange(handshakeResponse('lab'), 1);
    return connection;
  }

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => {
      for (const { payload } of this.#reader.read(bytes)) this.#onPayload?.(payload);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? 'EIO', error.message));
    socket.on('close', () => this.#fail('ECONNRESET', 'the database closed the connection'));
  }

  /** True when it can no longer be used. */
  get closed(): boolean {
    return this.#failure !== undefined;
  }

  /** Runs a query with a result of one row. @throws {DatabaseError} when the server refuses or the connection fails */
  async query(sql: string): Promise<void> {
    // Packets: number of columns, one column, end of columns, one row, end of rows.
    await this.#exchange(query(sql), 5);
  }

  /** Sends COM_QUIT and closes, as drivers do. */
  close(): void {
    this.#fail('ECONNRESET', 'closed here');
    this.#socket.end(quit());
  }

  #exchange(request: Buffer | undefined, packets: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      let left = packets;
      this.#onError = reject;
      this.#onPayload = (payload) => {
        if (payload[0] === ANSWER.ERROR) {
          this.#fail(payload.readUInt16LE(1), payload.toString('utf8', 3).replace(/^#.{5}/, ''));
          this.#socket.destroy();
        } else if (--left === 0) {
          this.#onPayload = undefined;
          this.#onError = undefined;
          resolve();
        }
      };
      if (request !== undefined) this.#socket.write(request);
    });
  }

  #fail(code: number | string, message: string): void {
    this.#failure ??= new DatabaseError(code, message);
    this.#onPayload = undefined;
    this.#onError?.(this.#failure);
    this.#onError = undefined;
  }
}
