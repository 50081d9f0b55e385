import type { SocketView } from '../model/socket-view.ts';
import { PeerCounter } from './peer-counter.ts';
import type { Roles } from './roles.ts';
import { SocketCounter } from './socket-counter.ts';

/** Counts what a row of `ps` shows: sockets by protocol and state, and the busiest peer. */
export class RowCounter {
  readonly sockets = new SocketCounter();
  readonly peers: PeerCounter;

  /** @param roles of all sockets of the namespace */
  constructor(roles: Roles) {
    this.peers = new PeerCounter(roles);
  }

  add(socket: SocketView): void {
    this.sockets.add(socket);
    this.peers.add(socket);
  }
}
