import { ColumnRows, NO_ROW } from '../../base/column-rows.ts';
import type { Remembered } from '../../model/socket/connection-event.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { MemoryColumns } from './memory-columns.ts';
import type { HoldingProcess } from './owner-source.ts';

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

/**
 * The sockets of one network namespace as dumps showed them, by cookie, until {@link RETAIN_MS} after they left the
 * dumps. A socket is a row of columns instead of an object: a host has hundreds of thousands, recorded for hours.
 */
export class ConnectionMemory {
  readonly #rows = new ColumnRows();
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

  /** Whether the last dump had the socket with this cookie. */
  isInLastDump(cookie: number): boolean {
    const row = this.#rows.of(cookie);
    return row !== NO_ROW && this.#columns.seenMs(row) === this.#startedMs;
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
    const known = this.#rows.of(cookie);
    if (known !== NO_ROW) {
      this.#columns.seeAgain(known, socket, this.#startedMs);
      return known;
    }
    if (socket.state === TCP_STATE.TIME_WAIT) return undefined;
    const row = this.#rows.add(cookie);
    this.#columns.set(row, socket, this.#startedMs, this.#previousMs);
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
    this.#rows.each((row, cookie) => {
      const seenMs = columns.seenMs(row);
      if (seenMs === this.#startedMs) return;
      const awaits = receivesEvents && columns.awaitsEvent(row);
      if ((!awaits && seenMs + RETAIN_MS < this.#startedMs) || ++retained > MAX_RETAINED) {
        this.#rows.delete(cookie);
        columns.clear(row);
      }
    });
  }

  /**
   * The recorded state of a socket; undefined for one that is not recorded.
   *
   * @param containerOf the name of the container of holders; undefined for none
   */
  of(
    socket: SocketView,
    containerOf: (holders: readonly HoldingProcess[]) => string | undefined = () => undefined,
  ): Remembered | undefined {
    const row = this.#rows.of(cookieNumber(socket));
    return row === NO_ROW ? undefined : this.#columns.at(row, containerOf);
  }

  /**
   * The processes that held a socket when it was last known to be held, as remembered: for one that nobody can hold any
   * more. Empty when none was found, or the socket is not recorded.
   */
  holdersOf(socket: SocketView): readonly HoldingProcess[] {
    const row = this.#rows.of(cookieNumber(socket));
    return row === NO_ROW ? NO_HOLDERS : this.#columns.holders(row);
  }

  /** When a socket was opened, see {@link Remembered}; undefined for one that is not recorded. */
  seenSince(socket: SocketView): Pick<Remembered, 'firstSeenMs' | 'notBeforeMs'> | undefined {
    const row = this.#rows.of(cookieNumber(socket));
    return row === NO_ROW ? undefined : this.#columns.since(row);
  }

  /** Inode of the socket of a row. */
  inode(row: number): number {
    return this.#columns.inode(row);
  }

  /** Records the holders of a row; without any, those before stay remembered. */
  setHolders(row: number, holders: readonly HoldingProcess[]): void {
    if (holders.length > 0) this.#columns.setHolders(row, holders);
  }

  /**
   * Records that the event of a closed socket was received. Its row stays for {@link RETAIN_MS}, so that its TIME_WAIT
   * entry has an owner.
   */
  closed(socket: SocketView): void {
    const row = this.#rows.of(cookieNumber(socket));
    if (row !== NO_ROW) this.#columns.setClosed(row);
  }
}

const NO_HOLDERS: readonly HoldingProcess[] = [];
