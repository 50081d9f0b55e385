import type { Machine } from '../../collect/machine.ts';
import type { EventSocket } from '../../kernel/event-socket.ts';
import type { Names } from '../../model/names.ts';
import type { ClosedConnection, Remembered } from '../../model/socket/closed-connection.ts';
import { AddressInterner } from '../../model/socket/interned-address.ts';
import { outcomeOf } from '../../model/socket/outcome.ts';
import { SocketColumnsBuilder } from '../../model/socket/socket-columns-builder.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { StoredSocket } from '../../model/socket/stored-socket.ts';
import { DestroyEvents } from './destroy-events.ts';
import { LiveClosedConnection } from './live-closed-connection.ts';
import type { NetnsReader } from './netns-reader.ts';

/** What {@link ConnectionEventStream.drain} hands over. */
export interface ConnectionEventSink {
  /** The connection is valid until the next. */
  closed(namespace: NetnsReader, closed: ClosedConnection): void;
  /** The kernel dropped events of this namespace since the last call. */
  lost(namespace: NetnsReader): void;
}

/**
 * A child of a listener that may just have been closed with it: the listener's own event decides, which may come in
 * the next drain.
 */
interface Undecided {
  namespace: NetnsReader;
  /** As it was when its event was read. */
  socket: StoredSocket;
  remembered: Remembered | undefined;
  /** Whether a drain has passed without its listener's event. */
  waited: boolean;
}

/** Connections closed in several namespaces, with their outcomes. Listeners and unconnected sockets are left out. */
export class ConnectionEventStream {
  readonly #events: DestroyEvents;
  readonly #columns = new SocketColumnsBuilder(new AddressInterner());
  #undecided: Undecided[] = [];
  #closedListeners = new Set<string>();
  #listenersBefore = new Set<string>();
  #closed: LiveClosedConnection;
  #at = new Date(0);

  constructor(machine: Machine, names: Names | undefined) {
    this.#events = new DestroyEvents(machine);
    this.#closed = new LiveClosedConnection(names);
  }

  /** Replaces the names; undefined for plain numbers. */
  setNames(names: Names | undefined): void {
    this.#closed = new LiveClosedConnection(names);
  }

  /** Adds the event socket of a namespace, which is closed here. */
  add(namespace: NetnsReader, socket: EventSocket): void {
    this.#events.add(namespace, socket);
  }

  /** Closes the event socket of a namespace. */
  remove(namespace: NetnsReader): void {
    this.#events.remove(namespace);
  }

  close(): void {
    this.#events.close();
  }

  /**
   * Reads all queued events without blocking.
   *
   * @param nowMs the time given to the connections, milliseconds since the epoch
   * @param isLast whether this is the last call: connections that wait for their listener's event are handed over too
   * @returns the number of messages read
   */
  drain(nowMs: number, sink: ConnectionEventSink, isLast = false): number {
    this.#at = new Date(nowMs);
    const messages = this.#events.drain({
      destroyed: (namespace, event) => this.#take(namespace, event, sink),
      lost: (namespace) => sink.lost(namespace),
    });
    this.#decide(sink, isLast);
    return messages;
  }

  #take(namespace: NetnsReader, event: SocketView, sink: ConnectionEventSink): void {
    const remembered = namespace.rememberedOf(event);
    const outcome = outcomeOf(event, remembered);
    if (outcome === 'unconnected') {
      if (event.proto === 'tcp') this.#closedListeners.add(listenerKey(namespace, event.localPort));
    } else if (outcome === 'mangled-child') {
      const { socket } = this.#closed.moveTo(namespace, event, remembered, 'aborted', this.#at);
      this.#undecided.push({ namespace, socket: this.#store(socket), remembered, waited: false });
    } else sink.closed(namespace, this.#closed.moveTo(namespace, event, remembered, outcome, this.#at));
    if (remembered !== undefined) namespace.memory.closed(event);
  }

  /** The view of an event is valid only until the next one. */
  #store(socket: SocketView): StoredSocket {
    const atMs = this.#at.getTime();
    this.#columns.begin(atMs);
    this.#columns.add(socket, {});
    return new StoredSocket().moveTo(this.#columns.finish(), 0, atMs);
  }

  #decide(sink: ConnectionEventSink, isLast: boolean): void {
    if (this.#undecided.length > 0) {
      const waiting: Undecided[] = [];
      for (const undecided of this.#undecided) {
        const { namespace, socket, remembered, waited } = undecided;
        const key = listenerKey(namespace, socket.localPort);
        const unaccepted = this.#closedListeners.has(key) || this.#listenersBefore.has(key);
        if (!unaccepted && !waited && !isLast) {
          waiting.push({ ...undecided, waited: true });
          continue;
        }
        const outcome = unaccepted ? 'never-accepted' : 'aborted';
        sink.closed(namespace, this.#closed.moveTo(namespace, socket, remembered, outcome, this.#at));
      }
      this.#undecided = waiting;
    }
    [this.#listenersBefore, this.#closedListeners] = [this.#closedListeners, this.#listenersBefore];
    this.#closedListeners.clear();
  }
}

function listenerKey(namespace: NetnsReader, port: number): string {
  return `${namespace.handle.target.netns} ${port}`;
}
