import type { Machine } from '../../collect/machine.ts';
import { EventPoll, type EventSocket } from '../../kernel/event-socket.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { DestroyEventReader } from '../../netlink/destroy-event.ts';
import type { WatchedSpace } from './netns-reader.ts';

/** What {@link DestroyEvents.drain} hands over. */
export interface DestroyEventSink {
  /** A socket was destroyed. The view is valid until the next; {@link WatchedSpace.memory} still has it. */
  destroyed(space: WatchedSpace, event: SocketView): void;
  /** The kernel dropped events of this namespace since the last call. */
  lost(space: WatchedSpace): void;
}

/** The destroy multicast of several namespaces: an event for every TCP and UDP socket of theirs. */
export class DestroyEvents {
  readonly #poll: EventPoll<WatchedSpace>;
  readonly #reader = new DestroyEventReader();

  constructor(machine: Machine) {
    this.#poll = new EventPoll(machine.systemCalls());
  }

  add(space: WatchedSpace, socket: EventSocket): void {
    this.#poll.add(socket, space);
  }

  remove(space: WatchedSpace): void {
    this.#poll.remove(space);
  }

  close(): void {
    this.#poll.close();
  }

  /** Reads all that has come, without waiting. @returns how many messages */
  drain(sink: DestroyEventSink): number {
    let current: WatchedSpace | undefined;
    const visit = (event: SocketView) => {
      if (current !== undefined) sink.destroyed(current, event);
    };
    return this.#poll.drain({
      message: (space, view, offset, length) => {
        current = space;
        this.#reader.read(view, offset, length, visit);
      },
      lost: (space) => {
        space.losses++;
        sink.lost(space);
      },
    });
  }
}
