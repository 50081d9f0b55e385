import type { Remembered } from '../../model/socket/closed-connection.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { MemoryColumns, type Owner } from './memory-columns.ts';

/** A cookie as one number: exact as long as fewer than 2^53 sockets were made since the start. */
function cookieNumber({ cookieLow, cookieHigh }: SocketView): number {
  return cookieHigh * 2 ** 32 + cookieLow;
}

/** How long a socket is kept that no dump shows any more: its TIME_WAIT lasts 60 seconds, and its event may come late. */
const KEPT_MS = 75_000;
/** More of those that left the dumps are not kept: lost events would leave some for ever. */
const MOST_KEPT = 50_000;
/** How often the holder of a socket is looked for in vain; the Engine holds some from outside the namespace. */
const SEARCHES = 3;

/**
 * What dumps told of the sockets of one namespace, by their cookies, until they are quite gone. A socket is a
 * row of columns and no object: a host has hundreds of thousands, and they are kept for hours.
 */
export class ConnectionMemory {
  readonly #rows = new Map<number, number>();
  readonly #columns = new MemoryColumns();
  #startedMs = 0;
  #previousMs: number | undefined;

  get size(): number {
    return this.#rows.size;
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
   * Takes a socket of the dump in. One that is first seen in TIME_WAIT is not kept: there is nothing to be
   * found out about it.
   *
   * @returns its row, until the end of the dump; undefined for what is not kept
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
   * Ends a dump: what none has shown for long is forgotten.
   *
   * @param endsAreTold whether an event tells of each end. A connection that its peer has reset leaves
   *   the dumps at once, and its process may hold it for hours: then it is kept until its event comes
   */
  end(receivesEvents = false): void {
    let kept = 0;
    const columns = this.#columns;
    for (const [cookie, row] of this.#rows) {
      const seenMs = columns.seenMs(row);
      if (seenMs === this.#startedMs) continue;
      const waits = receivesEvents && columns.awaitsItsEnd(row);
      if ((!waits && seenMs + KEPT_MS < this.#startedMs) || ++kept > MOST_KEPT) {
        this.#rows.delete(cookie);
        columns.remove(row);
      }
    }
  }

  /** What is known of a socket, as it is now; undefined for one that no dump had. */
  of(socket: SocketView): Remembered | undefined {
    const row = this.#rows.get(cookieNumber(socket));
    return row === undefined ? undefined : this.#columns.at(row);
  }

  /** Undefined for a socket that no dump had, and for one that nobody was seen to hold. */
  ownerOf(socket: SocketView): Owner | undefined {
    const row = this.#rows.get(cookieNumber(socket));
    return row === undefined ? undefined : this.#columns.owner(row);
  }

  /** Since when there is a socket: see {@link Remembered}. */
  seenSince(socket: SocketView): Pick<Remembered, 'firstSeenMs' | 'notBeforeMs'> | undefined {
    const row = this.#rows.get(cookieNumber(socket));
    return row === undefined ? undefined : this.#columns.since(row);
  }

  /** Whether the holder of a row is worth looking for. */
  needsOwner(row: number): boolean {
    const columns = this.#columns;
    return columns.owner(row) === undefined && columns.inode(row) !== 0 && columns.searches(row) < SEARCHES;
  }

  inode(row: number): number {
    return this.#columns.inode(row);
  }

  owner(row: number): Owner | undefined {
    return this.#columns.owner(row);
  }

  /** Its holder was found. */
  setOwner(row: number, owner: Owner): void {
    this.#columns.setOwner(row, owner);
  }

  /** Its holder was looked for in vain. */
  addSearch(row: number): void {
    this.#columns.addSearch(row);
  }

  /** Its event has come. What is in TIME_WAIT afterwards keeps the name of the process that had it. */
  ended(socket: SocketView): void {
    const row = this.#rows.get(cookieNumber(socket));
    if (row !== undefined) this.#columns.setEnded(row);
  }
}
