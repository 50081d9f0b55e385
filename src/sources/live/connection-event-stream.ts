import type { Machine } from '../../collect/machine.ts';
import type { EventSocket } from '../../kernel/event-socket.ts';
import type { Names } from '../../model/names.ts';
import type { ClosedConnection, Remembered } from '../../model/socket/closed-connection.ts';
import { AddressBook } from '../../model/socket/interned-address.ts';
import { outcomeOf } from '../../model/socket/outcome.ts';
import { keepSocket } from '../../model/socket/record-socket.ts';
import { RecordView } from '../../model/socket/record-view.ts';
import type { SocketRecord } from '../../model/socket/socket-record.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { DestroyEvents } from './destroy-events.ts';
import { LiveClosedConnection } from './live-closed-connection.ts';
import type { WatchedSpace } from './netns-reader.ts';

/** What {@link ConnectionEventStream.drain} hands over. */
export interface ConnectionEventSink {
  /** The connection is valid until the next. */
  closed(space: WatchedSpace, closed: ClosedConnection): void;
  /** The kernel dropped events of this namespace since the last call. */
  lost(space: WatchedSpace): void;
}

/**
 * A child of a listener that may just have been closed with it: the listener's own event decides, which may come in
 * the next drain.
 */
interface Undecided {
  space: WatchedSpace;
  record: SocketRecord;
  remembered: Remembered | undefined;
  /** Whether a drain has passed without its listener's event. */
  waited: boolean;
}

/** The connections that are closed in some namespaces, with their outcomes. Listeners and unconnected sockets are left out. */
export class ConnectionEventStream {
  readonly #events: DestroyEvents;
  readonly #book = new AddressBook();
  #undecided: Undecided[] = [];
  #closedListeners = new Set<string>();
  #listenersBefore = new Set<string>();
  #closed: LiveClosedConnection;
  #at = new Date(0);

  constructor(machine: Machine, names: Names | undefined) {
    this.#events = new DestroyEvents(machine);
    this.#closed = new LiveClosedConnection(names);
  }

  /** Names may have changed. */
  setNames(names: Names | undefined): void {
    this.#closed = new LiveClosedConnection(names);
  }

  add(space: WatchedSpace, socket: EventSocket): void {
    this.#events.add(space, socket);
  }

  remove(space: WatchedSpace): void {
    this.#events.remove(space);
  }

  close(): void {
    this.#events.close();
  }

  /**
   * Reads all that has come, without waiting.
   *
   * @param isLast whether it is read no more: what waits for its listener's event is handed over too
   * @returns how many messages
   */
  drain(nowMs: number, sink: ConnectionEventSink, isLast = false): number {
    this.#at = new Date(nowMs);
    const messages = this.#events.drain({
      destroyed: (space, event) => this.#take(space, event, sink),
      lost: (space) => sink.lost(space),
    });
    this.#decide(sink, isLast);
    return messages;
  }

  #take(space: WatchedSpace, event: SocketView, sink: ConnectionEventSink): void {
    const remembered = space.memory.of(event);
    const outcome = outcomeOf(event, remembered);
    if (outcome === 'unconnected') {
      if (event.proto === 'tcp') this.#closedListeners.add(listenerKey(space, event.localPort));
    } else if (outcome === 'mangled-child') {
      const { socket } = this.#closed.moveTo(space, event, remembered, 'aborted', this.#at);
      const record = keepSocket(socket, this.#book, { firstSeenMs: remembered?.firstSeenMs ?? this.#at.getTime() });
      this.#undecided.push({ space, record, remembered, waited: false });
    } else sink.closed(space, this.#closed.moveTo(space, event, remembered, outcome, this.#at));
    if (remembered !== undefined) space.memory.ended(event);
  }

  #decide(sink: ConnectionEventSink, isLast: boolean): void {
    if (this.#undecided.length > 0) {
      const waiting: Undecided[] = [];
      for (const undecided of this.#undecided) {
        const { space, record, remembered, waited } = undecided;
        const key = listenerKey(space, record.localPort);
        const unaccepted = this.#closedListeners.has(key) || this.#listenersBefore.has(key);
        if (!unaccepted && !waited && !isLast) {
          waiting.push({ ...undecided, waited: true });
          continue;
        }
        const view = new RecordView().moveTo(record);
        const outcome = unaccepted ? 'never-accepted' : 'aborted';
        sink.closed(space, this.#closed.moveTo(space, view, remembered, outcome, this.#at));
      }
      this.#undecided = waiting;
    }
    [this.#listenersBefore, this.#closedListeners] = [this.#closedListeners, this.#listenersBefore];
    this.#closedListeners.clear();
  }
}

function listenerKey(space: WatchedSpace, port: number): string {
  return `${space.place.target.netns} ${port}`;
}
