import type { Remembered } from '../model/ended.ts';
import type { SocketView } from '../model/socket-view.ts';
import { TCP_STATE } from '../model/tcp-state.ts';

/** An entry with what keeping it needs. */
interface Entry extends Remembered {
  /** Number of the dump that had it last. */
  seenIn: number;
}

/** A cookie as one number: exact as long as fewer than 2^53 sockets were made since the start. */
export function cookieNumber({ cookieLow, cookieHigh }: SocketView): number {
  return cookieHigh * 2 ** 32 + cookieLow;
}

/** How many dumps a socket is kept that is in none any more: its event may come late. */
const KEPT_DUMPS = 3;
/** More of those that left the dumps with a process still holding them are not kept: lost events would leave them for ever. */
const KEPT_HELD = 50_000;

/** What dumps told of the sockets of one namespace, by their cookies, until they end. */
export class ConnectionMemory {
  readonly #entries = new Map<number, Entry>();
  #dump = 0;
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
    this.#dump++;
  }

  /** Takes a socket of the dump in; gives its entry, whose owner may still be wanted. */
  see(socket: SocketView): Remembered | undefined {
    const cookie = cookieNumber(socket);
    if (cookie === 0) return undefined;
    const known = this.#entries.get(cookie);
    if (known !== undefined) {
      known.seenIn = this.#dump;
      known.state = socket.state;
      // A TIME_WAIT entry has no inode: what it had is worth keeping.
      if (socket.inode !== 0) known.inode = socket.inode;
      return known;
    }
    const inet6 = socket.family === 'inet6';
    const made: Entry = {
      seenIn: this.#dump,
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
   * Ends a dump: what has not been in several is forgotten.
   *
   * @param endsAreTold whether an event tells of each end. A connection that its peer has reset leaves
   *   the dumps at once, and its process may hold it for hours: then it is kept until its event comes
   */
  end(endsAreTold = false): void {
    let held = 0;
    for (const [cookie, { seenIn, inode, state }] of this.#entries) {
      if (seenIn + KEPT_DUMPS >= this.#dump) continue;
      const waits = endsAreTold && inode !== 0 && state !== TCP_STATE.TIME_WAIT;
      if (!waits || ++held > KEPT_HELD) this.#entries.delete(cookie);
    }
  }

  of(socket: SocketView): Remembered | undefined {
    return this.#entries.get(cookieNumber(socket));
  }

  forget(socket: SocketView): void {
    this.#entries.delete(cookieNumber(socket));
  }
}

function words(socket: SocketView, side: 'local' | 'peer'): number[] {
  return ([0, 1, 2, 3] as const).map((index) => (side === 'local' ? socket.localWord(index) : socket.peerWord(index)));
}
