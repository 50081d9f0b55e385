import net from 'node:net';
import { COMMAND, SERVER_ERROR } from './mysql/constants.ts';
import { PacketReader } from './mysql/packet.ts';
import { failure, greeting, ok, oneValue } from './mysql/server-packets.ts';
import { Workers } from './workers.ts';

/** Settings of the database stand-in. */
export interface DatabaseBehaviour {
  /** Connections that are accepted; a further one is refused with error 1040. */
  maxConnections: number;
  /** Queries and connections that are processed at the same time. */
  workers: number;
  /** Duration of a query, milliseconds; can be changed while it runs. */
  queryMs: number;
}

/** Counters as in MariaDB's status variables. */
export interface DatabaseCounts {
  /** Threads_connected. */
  connected: number;
  /** Max_used_connections. */
  mostConnected: number;
  /** Connection_errors_max_connections: refused with error 1040. */
  refused: number;
  /** Connections accepted since the start. */
  accepted: number;
  /** Queries answered since the start. */
  queries: number;
}

/** Time to accept or refuse a connection, as a share of a query's. */
const CONNECTING = 0.2;

/**
 * A stand-in for a MySQL server: it sends a greeting, accepts any user, answers every query with one row after a
 * delay, and refuses connections above its limit as MariaDB does, with error 1040 in place of the greeting. New
 * connections wait in the same queue as the queries, so that a busy server is also slow to refuse.
 */
export class DatabaseServer {
  readonly behaviour: DatabaseBehaviour;
  readonly counts: DatabaseCounts = { connected: 0, mostConnected: 0, refused: 0, accepted: 0, queries: 0 };
  readonly #workers: Workers;
  readonly #server = net.createServer({ noDelay: true }, (socket) => this.#accept(socket));

  constructor(behaviour: DatabaseBehaviour) {
    this.behaviour = behaviour;
    this.#workers = new Workers(behaviour.workers);
  }

  /** Starts listening. @param port 0 for any free port @returns the port */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host, backlog: 4096 }, () =>
        resolve((this.#server.address() as net.AddressInfo).port),
      );
    });
  }

  close(): void {
    this.#server.close();
  }

  #accept(socket: net.Socket): void {
    socket.on('error', () => {});
    this.#workers.spend(this.behaviour.queryMs * CONNECTING, () => {
      if (socket.destroyed) return;
      const { counts } = this;
      if (counts.connected >= this.behaviour.maxConnections) {
        counts.refused++;
        socket.end(failure(0, SERVER_ERROR.TOO_MANY_CONNECTIONS));
        return;
      }
      counts.accepted++;
      counts.connected++;
      counts.mostConnected = Math.max(counts.mostConnected, counts.connected);
      socket.on('close', () => counts.connected--);
      this.#serve(socket);
    });
  }

  #serve(socket: net.Socket): void {
    const reader = new PacketReader();
    let authenticated = false;
    socket.on('data', (bytes) => {
      for (const { sequence, payload } of reader.read(bytes)) {
        if (authenticated) this.#answer(socket, payload);
        else {
          authenticated = true;
          socket.write(ok(sequence + 1));
        }
      }
    });
    socket.write(greeting(this.counts.accepted));
  }

  #answer(socket: net.Socket, request: Buffer): void {
    switch (request[0]) {
      case COMMAND.QUIT:
        socket.end();
        return;
      case COMMAND.PING:
      case COMMAND.INIT_DB:
        socket.write(ok(1));
        return;
      case COMMAND.QUERY:
        this.#workers.spend(this.behaviour.queryMs, () => {
          this.counts.queries++;
          if (!socket.destroyed) socket.write(oneValue('1', '1'));
        });
        return;
      default:
        socket.write(failure(1, SERVER_ERROR.UNKNOWN_COMMAND));
    }
  }
}
