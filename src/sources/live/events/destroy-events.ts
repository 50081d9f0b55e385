import type { Machine } from '../../../collect/machine.ts';
import { EventPoll, type EventSocket } from '../../../kernel/event-socket.ts';
import type { SocketView } from '../../../model/socket/socket-view.ts';
import { DestroyEventReader } from '../../../netlink/destroy-event.ts';
import type { NetnsReader } from '../netns-reader.ts';

/** What {@link DestroyEvents.drain} hands over. */
export interface DestroyEventSink {
  /** A socket was destroyed. The view is valid until the next; {@link NetnsReader.memory} still has it. */
  destroyed(namespace: NetnsReader, event: SocketView): void;
  /** The kernel dropped events of this namespace since the last call. */
  lost(namespace: NetnsReader): void;
}

/** Receives the destroy multicast of several namespaces: an event for each TCP and UDP socket that is closed. */
export class DestroyEvents {
  readonly #machine: Machine;
  /** Undefined before the first namespace: system calls may be missing. */
  #poll: EventPoll<NetnsReader> | undefined;
  readonly #reader = new DestroyEventReader();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Adds the event socket of a namespace, which is closed here. */
  add(namespace: NetnsReader, socket: EventSocket): void {
    this.#poll ??= new EventPoll(this.#machine.systemCalls());
    this.#poll.add(socket, namespace);
  }

  /** Closes the event socket of a namespace. */
  remove(namespace: NetnsReader): void {
    this.#poll?.remove(namespace);
  }

  close(): void {
    this.#poll?.close();
  }

  /** Reads all queued events without blocking. @returns the number of messages read */
  drain(sink: DestroyEventSink): number {
    if (this.#poll === undefined) return 0;
    let current: NetnsReader | undefined;
    const visit = (event: SocketView) => {
      if (current !== undefined) sink.destroyed(current, event);
    };
    return this.#poll.drain({
      message: (namespace, view, offset, length) => {
        current = namespace;
        this.#reader.read(view, offset, length, visit);
      },
      lost: (namespace) => {
        namespace.losses++;
        sink.lost(namespace);
      },
    });
  }
}
