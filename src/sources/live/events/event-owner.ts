import type { Owner } from '../../../collect/owners/netns-owners.ts';
import type { Outcome, Remembered } from '../../../model/socket/connection-event.ts';
import type { Holder } from '../../../model/socket/socket-columns.ts';
import type { SocketView } from '../../../model/socket/socket-view.ts';
import type { NetnsReader } from '../netns-reader.ts';

/** What tells whose the socket of an event is. Asked for one after the other, because what is further down costs a search. */
export interface OwnerClues {
  readonly socket: SocketView;
  /** The process that opened or accepted the connection; undefined where that was not seen. */
  readonly opener: Owner | undefined;
  /** What dumps showed of the socket. */
  readonly remembered: Pick<Remembered, 'holders' | 'container'> | undefined;
  /** How the connection ended; undefined for what is no end. */
  readonly outcome?: Outcome | undefined;
}

/** The processes of the socket of an event: the one that opened it, those that held it, or the one that listens there. */
export function processesOf(namespace: NetnsReader, clues: OwnerClues): readonly Holder[] {
  const { opener } = clues;
  if (opener !== undefined) return listOf(opener);
  const holders = clues.remembered?.holders ?? NO_PROCESSES;
  // What was never accepted had no process, although its listener has one.
  if (holders.length > 0 || clues.outcome === 'never-accepted') return holders;
  const listener = namespace.listenerOwnerOf(clues.socket);
  return listener === undefined ? NO_PROCESSES : listOf(listener);
}

/** The container of the socket of an event; undefined for none, and where that is not known. */
export function containerOf(namespace: NetnsReader, clues: OwnerClues): string | undefined {
  const { opener, socket } = clues;
  if (opener?.container !== undefined) return opener.container;
  if (namespace.container !== undefined) return namespace.container;
  if (!namespace.owners.knowsContainers) return undefined;
  // Of a process that has exited the cgroup of its socket tells.
  const isKnown = opener !== undefined && opener.isGone !== true;
  const known = namespace.containerOfClosed(socket, isKnown ? NOT_IN_ONE : clues.remembered);
  return known ?? (opener === undefined ? namespace.listenerOwnerOf(socket)?.container : undefined);
}

const NO_PROCESSES: readonly Holder[] = [];

/** A process outside every container. */
const NOT_IN_ONE = { holders: [] };

const LISTS = new WeakMap<Owner, readonly Holder[]>();

/** A list of one process: the same one for all of its events, of which there are thousands a second. */
function listOf(owner: Owner): readonly Holder[] {
  let list = LISTS.get(owner);
  if (list === undefined) {
    list = [owner];
    LISTS.set(owner, list);
  }
  return list;
}
