import type { Names } from '../../model/names.ts';
import type { SocketRecord } from '../../model/socket-record.ts';
import { TCP_STATE } from '../../model/tcp-state.ts';
import { endpointText } from './scopes.ts';

/** Tells what connections of a namespace have in common: the endpoint of a client's server, the port of a server. */
export class OtherEnds {
  readonly #names: Names;
  readonly #listening = new Set<number>();

  /** @param sockets the whole namespace, listeners included */
  constructor(names: Names, sockets: readonly SocketRecord[]) {
    this.#names = names;
    for (const { proto, state, localPort } of sockets) {
      if (proto === 'tcp' && state === TCP_STATE.LISTEN) this.#listening.add(localPort);
    }
  }

  /** `peer db:mysql`, `port 8080`: as `Finding.about` has it. */
  about({ state, localPort, peerPort, peer }: SocketRecord): string {
    // As CLOSE_WAIT_LEAK groups them, so that findings about the same connections are tied.
    if (state === TCP_STATE.CLOSE_WAIT) {
      return `peer ${endpointText(this.#names, peer, peerPort < localPort ? peerPort : 0)}`;
    }
    // A server's clients differ in their ports: its own port is what they have in common.
    return this.#listening.has(localPort) ? `port ${localPort}` : `peer ${endpointText(this.#names, peer, peerPort)}`;
  }
}

/** `with db:mysql`, `to its port 8080`: the rest of a sentence that begins with connections. */
export function withEnd(about: string): string {
  return about.startsWith('port ') ? `to its ${about}` : `with ${about.slice('peer '.length)}`;
}
