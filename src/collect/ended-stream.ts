import type { EventSocket } from '../kernel/event-socket.ts';
import type { EndedConnection, Outcome, Remembered } from '../model/ended.ts';
import { AddressBook } from '../model/interned-address.ts';
import { keepSocket } from '../model/keep-socket.ts';
import type { Names } from '../model/names.ts';
import { outcomeOf } from '../model/outcome.ts';
import { RecordView } from '../model/record-view.ts';
import type { SocketRecord } from '../model/socket-record.ts';
import type { Proto, SocketView } from '../model/socket-view.ts';
import { EndedConnections } from './ended-connections.ts';
import { EndedSockets } from './ended-sockets.ts';
import type { Machine } from './machine.ts';
import type { WatchedSpace } from './watched-space.ts';

/** What is told of a socket that ended. */
export interface EndedSocket {
  readonly proto: Proto;
  /** As it was; valid until the next. */
  readonly socket: SocketView;
  /** What dumps told of it; undefined when none had it. */
  readonly remembered: Remembered | undefined;
  readonly outcome: Outcome;
  readonly atMs: number;
  /** `server` where somebody listened on its local port; undefined for what is no TCP. */
  readonly role: 'client' | 'server' | undefined;
  /** Undefined where it belongs to none, or to one that nobody saw. */
  readonly container: string | undefined;
  /** Makes the object of it. */
  connection(): EndedConnection;
}

/** What {@link EndedStream.drain} tells of. */
export interface EndedStreamSink {
  ended(space: WatchedSpace, ended: EndedSocket): void;
  /** The kernel dropped events of this namespace since the last call. */
  lost(space: WatchedSpace): void;
}

/** A child of a listener that may just have been closed with it: that shows when its listener's end comes, which may be a look later. */
interface Undecided {
  space: WatchedSpace;
  record: SocketRecord;
  remembered: Remembered | undefined;
  /** Whether a look at the stream has ended without its listener's end. */
  seen: boolean;
}

/** The connections that end in some namespaces, put together and judged. Listeners and unconnected sockets are left out. */
export class EndedStream {
  readonly #sockets: EndedSockets;
  readonly #book = new AddressBook();
  #undecided: Undecided[] = [];
  #endedListeners = new Set<string>();
  #listenersBefore = new Set<string>();
  #connections: EndedConnections;
  #nowMs = 0;

  constructor(machine: Machine, names: Names | undefined) {
    this.#sockets = new EndedSockets(machine);
    this.#connections = new EndedConnections(names);
  }

  /** Names may have changed. */
  setNames(names: Names | undefined): void {
    this.#connections = new EndedConnections(names);
  }

  add(space: WatchedSpace, socket: EventSocket): void {
    this.#sockets.add(space, socket);
  }

  remove(space: WatchedSpace): void {
    this.#sockets.remove(space);
  }

  close(): void {
    this.#sockets.close();
  }

  /** Reads all that has come, without waiting. @returns how many messages */
  drain(nowMs: number, sink: EndedStreamSink): number {
    this.#nowMs = nowMs;
    const messages = this.#sockets.drain({
      ended: (space, event) => this.#take(space, event, sink),
      lost: (space) => sink.lost(space),
    });
    this.#decide(sink);
    return messages;
  }

  #take(space: WatchedSpace, event: SocketView, sink: EndedStreamSink): void {
    const remembered = space.memory.of(event);
    const outcome = outcomeOf(event, remembered);
    if (outcome === 'unconnected') {
      if (event.proto === 'tcp') this.#endedListeners.add(listenerKey(space, event.localPort));
    } else if (outcome === 'mangled-child') {
      const socket = this.#connections.viewOf(event, remembered);
      const record = keepSocket(socket, this.#book, { firstSeenMs: remembered?.firstSeenMs ?? this.#nowMs });
      this.#undecided.push({ space, record, remembered, seen: false });
    } else sink.ended(space, this.#ended(space, event, remembered, outcome));
    if (remembered !== undefined) space.memory.ended(event);
  }

  #decide(sink: EndedStreamSink): void {
    const waiting: Undecided[] = [];
    for (const undecided of this.#undecided) {
      const { space, record, remembered, seen } = undecided;
      const key = listenerKey(space, record.localPort);
      const unaccepted = this.#endedListeners.has(key) || this.#listenersBefore.has(key);
      if (!unaccepted && !seen) {
        waiting.push({ ...undecided, seen: true });
        continue;
      }
      const view = new RecordView().moveTo(record);
      sink.ended(space, this.#ended(space, view, remembered, unaccepted ? 'never-accepted' : 'aborted'));
    }
    this.#undecided = waiting;
    [this.#listenersBefore, this.#endedListeners] = [this.#endedListeners, this.#listenersBefore];
    this.#endedListeners.clear();
  }

  #ended(space: WatchedSpace, event: SocketView, remembered: Remembered | undefined, outcome: Outcome): EndedSocket {
    const connections = this.#connections;
    const at = this.#nowMs;
    const socket = connections.viewOf(event, remembered);
    return {
      ...{ proto: event.proto, socket, remembered, outcome, atMs: at },
      role: event.proto === 'tcp' ? space.roles.ofClosed(socket) : undefined,
      container: space.containerOf(event),
      connection: () => connections.connection(space, event, remembered, outcome, new Date(at)),
    };
  }
}

function listenerKey(space: WatchedSpace, port: number): string {
  return `${space.place.target.netns} ${port}`;
}
