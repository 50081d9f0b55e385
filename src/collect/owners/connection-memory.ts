import type { Remembered } from '../../model/socket/connection-event.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { MemoryColumns, type Owner } from './memory-columns.ts';

/** A cookie as one number; exact below 2^53, and the kernel counts cookies up from boot. */
function cookieNumber({ cookieLow, cookieHigh }: SocketView): number {
  return cookieHigh * 2 ** 32 + cookieLow;
}

/**
 * How long a socket stays recorded after the last dump with it, milliseconds: its TIME_WAIT lasts 60 seconds, and its
 * event may be late.
 */
const RETAIN_MS = 75_000;
/** The most sockets that stay recorded after they left the dumps: those whose event was lost would stay for ever. */
const MAX_RETAINED = 50_000;
/** How many searches for the owner of a socket may fail: the Engine has some open from outside the namespace. */
const MAX_SEARCHES = 3;

/**
 * The sockets of one network namespace as dumps showed them, by cookie, until {@link RETAIN_MS} after they left the
 * dumps. A socket is a row of columns instead of an object: a host has hundreds of thousands, recorded for hours.
 */
export class ConnectionMemory {
  readonly #rows = new Map<number, number>();
  readonly #columns = new MemoryColumns();
  #startedMs = 0;
  #previousMs: number | undefined;

  /** Number of recorded sockets. */
  get size(): number {
    return this.#rows.size;
  }

  /** When the last dump was taken, milliseconds since the epoch; undefined before the first. */
  get lastDumpMs(): number | undefined {
    return this.#startedMs || undefined;
  }

  /** Begins a dump. @param nowMs its time, milliseconds since the epoch */
  begin(nowMs: number): void {
    this.#previousMs = this.#startedMs || undefined;
    this.#startedMs = nowMs;
  }

  /**
   * Records a socket of the dump. One that is first seen in TIME_WAIT is left out: its owner and start can no longer be
   * determined.
   *
   * @returns its row, valid until the end of the dump; undefined for a socket that is not recorded
   */
  see(socket: SocketView): number | undefined {
    const cookie = cookieNumber(socket);
    if (cookie === 0) return undefined;
    const known = this.#rows.get(cookie);
    if (known !== undefined) {
      this.#columns.seeAgain(known, socket, this.#startedMs);
      return known;
    }
    if (socket.state === TCP_STATE.TIME_WAIT) return undefined;
    const row = this.#columns.add(socket, this.#startedMs, this.#previousMs);
    this.#rows.set(cookie, row);
    return row;
  }

  /**
   * Ends a dump: removes sockets that left the dumps more than {@link RETAIN_MS} ago.
   *
   * @param receivesEvents whether each closed socket has an event. A connection that its peer has reset leaves the
   *   dumps at once, but its process may have it open for hours: with events it stays recorded until its event
   */
  end(receivesEvents = false): void {
    let retained = 0;
    const columns = this.#columns;
    for (const [cookie, row] of this.#rows) {
      const seenMs = columns.seenMs(row);
      if (seenMs === this.#startedMs) continue;
      const awaits = receivesEvents && columns.awaitsEvent(row);
      if ((!awaits && seenMs + RETAIN_MS < this.#startedMs) || ++retained > MAX_RETAINED) {
        this.#rows.delete(cookie);
        columns.remove(row);
      }
    }
  }

  /** The recorded state of a socket; undefined for one that is not recorded. */
  of(socket: SocketView): Remembered | undefined {
    const row = this.#rows.get(cookieNumber(socket));
    return row === undefined ? undefined : this.#columns.at(row);
  }

  /** The process that has a socket open; undefined when it was not found, or the socket is not recorded. */
  ownerOf(socket: SocketView): Owner | undefined {
    const row = this.#rows.get(cookieNumber(socket));
    return row === undefined ? undefined : this.#columns.owner(row);
  }

  /** When a socket was opened, see {@link Remembered}; undefined for one that is not recorded. */
  seenSince(socket: SocketView): Pick<Remembered, 'firstSeenMs' | 'notBeforeMs'> | undefined {
    const row = this.#rows.get(cookieNumber(socket));
    return row === undefined ? undefined : this.#columns.since(row);
  }

  /** Whether the owner of a row is unknown and the searches for it are not used up. */
  needsOwner(row: number): boolean {
    const columns = this.#columns;
    return columns.owner(row) === undefined && columns.inode(row) !== 0 && columns.searches(row) < MAX_SEARCHES;
  }

  /** Inode of the socket of a row. */
  inode(row: number): number {
    return this.#columns.inode(row);
  }

  /** Owner of a row; undefined when it was not found. */
  owner(row: number): Owner | undefined {
    return this.#columns.owner(row);
  }

  /** Records the owner of a row. */
  setOwner(row: number, owner: Owner): void {
    this.#columns.setOwner(row, owner);
  }

  /** Counts a search for the owner of a row that failed. */
  addSearch(row: number): void {
    this.#columns.addSearch(row);
  }

  /**
   * Records that the event of a closed socket was received. Its row stays for {@link RETAIN_MS}, so that its TIME_WAIT
   * entry has an owner.
   */
  closed(socket: SocketView): void {
    const row = this.#rows.get(cookieNumber(socket));
    if (row !== undefined) this.#columns.setClosed(row);
  }
}
