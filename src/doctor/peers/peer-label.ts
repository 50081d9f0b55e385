import type { Names } from '../../model/names.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { roleOf } from '../clients/clients.ts';
import { endpointText } from '../scopes.ts';

/** The other side of a connection as findings name it: `db:mysql` for a server, `clients of port 8080` for a server's clients. */
export function peerLabel(netns: NetnsSeries, names: Names, socket: StoredSocket): string {
  if (roleOf(netns, socket) === 'server') return `clients of port ${socket.localPort}`;
  return endpointText(names, socket.peer, socket.peerPort);
}

/**
 * What connections of one cause have in common, as `Finding.about` has it: `peer db:mysql`, the server of
 * a client; `port 8080`, the own port of a server, whose clients differ in their ports.
 */
export function peerAbout(netns: NetnsSeries, names: Names, socket: StoredSocket): string {
  if (roleOf(netns, socket) === 'server') return `port ${socket.localPort}`;
  return `peer ${endpointText(names, socket.peer, socket.peerPort)}`;
}

/** `with db:mysql`, `to its port 8080`: what {@link peerAbout} says as the rest of a sentence that begins with connections. */
export function withPeer(about: string): string {
  return about.startsWith('port ') ? `to its ${about}` : `with ${about.slice('peer '.length)}`;
}
