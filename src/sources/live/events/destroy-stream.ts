import type { Machine } from '../../../collect/machine.ts';
import type { DestroyProtos } from '../../../kernel/event-socket.ts';
import type { Names } from '../../../model/names.ts';
import type { Remembered } from '../../../model/socket/connection-event.ts';
import { AddressInterner } from '../../../model/socket/interned-address.ts';
import { outcomeOf } from '../../../model/socket/outcome.ts';
import { SocketColumnsBuilder } from '../../../model/socket/socket-columns-builder.ts';
import type { SocketView } from '../../../model/socket/socket-view.ts';
import { StoredSocket } from '../../../model/socket/stored-socket.ts';
import type { NetnsReader } from '../netns-reader.ts';
import { DestroyEvent } from './destroy-event.ts';
import { DestroyEvents } from './destroy-events.ts';
import { EndpointNames } from './endpoint-names.ts';
import type { EventStream, EventStreamSink } from './event-stream.ts';

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

/**
 * The destroy multicast of several namespaces: ends of connections, with their outcomes. Listeners and unconnected
 * sockets are left out.
 */
export class DestroyStream implements EventStream {
  readonly #events: DestroyEvents;
  readonly #protos: DestroyProtos;
  readonly #columns = new SocketColumnsBuilder(new AddressInterner());
  #undecided: Undecided[] = [];
  #closedListeners = new Set<string>();
  #listenersBefore = new Set<string>();
  #event: DestroyEvent;
  #nowMs = 0;

  /** @param protos whose events are received */
  constructor(machine: Machine, names: Names | undefined, protos: DestroyProtos) {
    this.#events = new DestroyEvents(machine);
    this.#protos = protos;
    this.#event = new DestroyEvent(new EndpointNames(names));
  }

  setNames(names: Names | undefined): void {
    this.#event = new DestroyEvent(new EndpointNames(names));
  }

  add(namespace: NetnsReader, bufferBytes: number | undefined): void {
    this.#events.add(namespace, namespace.openEvents(this.#protos, bufferBytes));
  }

  remove(namespace: NetnsReader): void {
    this.#events.remove(namespace);
  }

  close(): void {
    this.#events.close();
  }

  /** @param nowMs the time given to the events @param isLast hands over those too that wait for their listener's event */
  drain(nowMs: number, sink: EventStreamSink, isLast = false): number {
    this.#nowMs = nowMs;
    const messages = this.#events.drain({
      destroyed: (namespace, event) => this.#take(namespace, event, sink),
      lost: (namespace) => sink.lost(namespace, undefined),
    });
    this.#decide(sink, isLast);
    return messages;
  }

  #take(namespace: NetnsReader, event: SocketView, sink: EventStreamSink): void {
    const remembered = namespace.rememberedOf(event);
    const outcome = outcomeOf(event, remembered);
    if (outcome === 'unconnected') {
      if (event.proto === 'tcp') this.#closedListeners.add(listenerKey(namespace, event.localPort));
    } else if (outcome === 'mangled-child') {
      const { socket } = this.#event.moveTo(namespace, event, remembered, 'aborted', this.#nowMs);
      this.#undecided.push({ namespace, socket: this.#store(socket), remembered, waited: false });
    } else sink.event(namespace, this.#event.moveTo(namespace, event, remembered, outcome, this.#nowMs));
    if (remembered !== undefined) namespace.memory.closed(event);
  }

  /** The view of an event is valid only until the next one. */
  #store(socket: SocketView): StoredSocket {
    this.#columns.begin(this.#nowMs);
    this.#columns.add(socket, {});
    return new StoredSocket().moveTo(this.#columns.finish(), 0, this.#nowMs);
  }

  #decide(sink: EventStreamSink, isLast: boolean): void {
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
        sink.event(namespace, this.#event.moveTo(namespace, socket, remembered, outcome, this.#nowMs));
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
