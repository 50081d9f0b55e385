import type { SocketSource, SocketView } from '../model/socket/socket-view.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { Roles } from './roles.ts';

/** Stands for several owners, and for an owner that is not known. */
const AMBIGUOUS = Symbol('several');

/** The owners of the TCP listeners of one network namespace, by local address and port. */
export class ListenerOwners {
  readonly #roles = new Roles();
  readonly #owners = new Map<number, string | typeof AMBIGUOUS>();

  /**
   * Adds a socket whose owner {@link setOwner} names later.
   *
   * @returns the index of its address and port; undefined for a socket that is no TCP listener
   */
  add(socket: SocketView): number | undefined {
    // A listener that no descriptor refers to is the subflow of an MPTCP listener, which is added too.
    return isTcpListener(socket) && socket.inode !== 0 ? this.#roles.addListener(socket) : undefined;
  }

  /** Names the owner of one listener of an index; called once for each. @param owner undefined where it is not known */
  setOwner(listener: number, owner: string | undefined): void {
    const known = this.#owners.get(listener);
    this.#owners.set(listener, known === undefined || known === owner ? (owner ?? AMBIGUOUS) : AMBIGUOUS);
  }

  /**
   * The owner of the listener on the local address and port of a socket; undefined where there is none, where several
   * owners listen (SO_REUSEPORT), and where the owner of one is not known.
   */
  of(socket: SocketView): string | undefined {
    if (this.#owners.size === 0 || (socket.proto !== 'tcp' && socket.proto !== 'mptcp')) return undefined;
    const listener = this.#roles.listenerOf(socket);
    const owner = listener === undefined ? undefined : this.#owners.get(listener);
    return owner === AMBIGUOUS ? undefined : owner;
  }
}

/** The owners of the listeners among sockets. @param ownerOf the owner of a listener; undefined where it is not known */
export function listenerOwners(
  sockets: SocketSource,
  ownerOf: (socket: SocketView) => string | undefined,
): ListenerOwners {
  const owners = new ListenerOwners();
  sockets.each((socket) => {
    const listener = owners.add(socket);
    if (listener !== undefined) owners.setOwner(listener, ownerOf(socket));
  });
  return owners;
}

/** Whether a socket is a listening TCP or MPTCP socket. */
export function isTcpListener({ proto, state }: SocketView): boolean {
  return (proto === 'tcp' || proto === 'mptcp') && state === TCP_STATE.LISTEN;
}
