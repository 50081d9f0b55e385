import type { Remembered } from '../model/ended.ts';
import type { SocketView } from '../model/socket-view.ts';
import { TCP_STATE } from '../model/tcp-state.ts';

/** An entry with what keeping it needs. */
interface Entry extends Remembered {
  /** When a dump had it last. */
  seenMs: number;
  /** Whether its event has come: it may still stand in TIME_WAIT. */
  ended?: boolean;
}

/** A cookie as one number: exact as long as fewer than 2^53 sockets were made since the start. */
export function cookieNumber({ cookieLow, cookieHigh }: SocketView): number {
  return cookieHigh * 2 ** 32 + cookieLow;
}

/** How long a socket is kept that no dump shows any more: its TIME_WAIT lasts 60 seconds, and its event may come late. */
const KEPT_MS = 75_000;
/** More of those that left the dumps are not kept: lost events would leave some for ever. */
const MOST_KEPT = 50_000;

/** What dumps told of the sockets of one namespace, by their cookies, until they are quite gone. */
export class ConnectionMemory {
  readonly #entries = new Map<number, Entry>();
  #startedMs = 0;
  #previousMs: number | undefined;

  get size(): number {
    return this.#entries.size;
  }

  /** When the last dump was taken, milliseconds since the epoch; undefined before the first. */
  get lastDumpMs(): number | undefined {
    return this.#startedMs || undefined;
  }

  /** Begins a dump, taken at a time. */
  begin(nowMs: number): void {
    this.#previousMs = this.#startedMs || undefined;
    this.#startedMs = nowMs;
  }

  /**
   * Takes a socket of the dump in; gives its entry, whose owner may still be wanted. One that is first seen
   * in TIME_WAIT is not kept: there is nothing to be found out about it.
   */
  see(socket: SocketView): Remembered | undefined {
    const cookie = cookieNumber(socket);
    if (cookie === 0) return undefined;
    const known = this.#entries.get(cookie);
    if (known !== undefined) {
      known.seenMs = this.#startedMs;
      known.state = socket.state;
      // A TIME_WAIT entry has no inode: what it had is worth keeping.
      if (socket.inode !== 0) known.inode = socket.inode;
      return known;
    }
    if (socket.state === TCP_STATE.TIME_WAIT) return undefined;
    const inet6 = socket.family === 'inet6';
    const made: Entry = {
      seenMs: this.#startedMs,
      firstSeenMs: this.#startedMs,
      ...(this.#previousMs !== undefined && { notBeforeMs: this.#previousMs }),
      ...{ state: socket.state, inode: socket.inode, localPort: socket.localPort, peerPort: socket.peerPort },
      local: inet6 ? words(socket, 'local') : [socket.localWord(0)],
      peer: inet6 ? words(socket, 'peer') : [socket.peerWord(0)],
    };
    this.#entries.set(cookie, made);
    return made;
  }

  /**
   * Ends a dump: what none has shown for long is forgotten.
   *
   * @param endsAreTold whether an event tells of each end. A connection that its peer has reset leaves
   *   the dumps at once, and its process may hold it for hours: then it is kept until its event comes
   */
  end(endsAreTold = false): void {
    let kept = 0;
    for (const [cookie, { seenMs, inode, state, localPort, ended }] of this.#entries) {
      if (seenMs === this.#startedMs) continue;
      // No event tells of the end of a UNIX socket, which has no port.
      const waits = endsAreTold && !ended && inode !== 0 && localPort !== 0 && state !== TCP_STATE.TIME_WAIT;
      if ((!waits && seenMs + KEPT_MS < this.#startedMs) || ++kept > MOST_KEPT) this.#entries.delete(cookie);
    }
  }

  of(socket: SocketView): Remembered | undefined {
    return this.#entries.get(cookieNumber(socket));
  }

  /** Its event has come. What is in TIME_WAIT afterwards keeps the name of the process that had it. */
  ended(socket: SocketView): void {
    const entry = this.#entries.get(cookieNumber(socket));
    if (entry !== undefined) entry.ended = true;
  }
}

function words(socket: SocketView, side: 'local' | 'peer'): number[] {
  return ([0, 1, 2, 3] as const).map((index) => (side === 'local' ? socket.localWord(index) : socket.peerWord(index)));
}
