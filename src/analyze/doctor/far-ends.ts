import type { Names } from '../../model/names.ts';
import type { SocketRecord } from '../../model/socket-record.ts';
import { tcpListeners } from './listeners/listeners.ts';
import { endpointText } from './scopes.ts';
import type { Dump } from './snapshots/snapshots.ts';

/** The other side of connections, as findings name it: a server by its address, a server's clients by the port they came to. */
export class FarEnds {
  readonly #listening: ReadonlySet<number>;
  readonly #names: Names;

  constructor(dumps: readonly Dump[], names: Names) {
    this.#listening = new Set(tcpListeners(dumps).map(({ socket }) => socket.localPort));
    this.#names = names;
  }

  /** Somebody listens on its local port: the far end is a client, with a port of its own. */
  isServerSide({ localPort }: SocketRecord): boolean {
    return this.#listening.has(localPort);
  }

  /** `db:mysql`; `clients of port 8080`. */
  text(socket: SocketRecord): string {
    if (this.isServerSide(socket)) return `clients of port ${socket.localPort}`;
    return endpointText(this.#names, socket.peer, socket.peerPort);
  }

  /** What findings of one cause have in common: `peer db:mysql`, `port 8080`. */
  about(socket: SocketRecord): string {
    return this.isServerSide(socket) ? `port ${socket.localPort}` : `peer ${this.text(socket)}`;
  }
}
