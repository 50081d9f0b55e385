import { ColumnRows, NO_ROW } from '../../base/column-rows.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import type { SocketSource, SocketView } from '../../model/socket/socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { FoldedColumns, FoldedConnection } from './folded-connection.ts';

/** Connections beyond this number are not folded: the sockets have to be read again. */
const MAX_CHANGES = 50_000;
/** A connection that was opened so long after the snapshot began is not in it, milliseconds. */
const SNAPSHOT_TAKES_MS = 1000;

/**
 * The sockets of a namespace as a snapshot had them, and what connection events have changed since: those that ended
 * are left out, those that were opened are added. A state that no event tells (half closed) is that of the snapshot.
 * Sockets and events are joined by the cookies of sockets.
 */
export class FoldedSockets implements SocketSource {
  #base: SocketSource = NO_SOCKETS;
  #baseMs = 0;
  /** Cookies of connections that ended, and rows of {@link #columns} of those that were opened. */
  readonly #ended = new ColumnRows();
  readonly #opened = new ColumnRows();
  /** Undefined before the first: in most namespaces nothing happens. */
  #columns: FoldedColumns | undefined;
  #isWhole = false;
  #hasNews = false;

  /**
   * Begins anew with another snapshot, in the same memory.
   *
   * @param base stays as it is @param baseMs when it was read, milliseconds since the epoch
   */
  begin(base: SocketSource, baseMs: number): void {
    this.lose();
    this.#base = base;
    this.#baseMs = baseMs;
    this.#isWhole = true;
    this.#hasNews = false;
  }

  /** Forgets the snapshot. */
  end(): void {
    this.lose();
    this.#base = NO_SOCKETS;
  }

  /** Whether there is a snapshot, and every event since was folded: none was lost, or without a cookie, or one too many. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Whether events have changed something since the last call. */
  takeNews(): boolean {
    const hasNews = this.#hasNews;
    this.#hasNews = false;
    return hasNews;
  }

  /** Notes that events were lost: nothing is folded until it begins anew. */
  lose(): void {
    this.#isWhole = false;
    this.#ended.clear();
    this.#opened.clear();
  }

  /** Folds an event. */
  add(event: ConnectionEvent): void {
    const { kind, socket } = event;
    if (!this.#isWhole || socket.proto !== 'tcp') return;
    const cookie = cookieOf(socket);
    if (cookie === 0 || this.#ended.size + this.#opened.size >= MAX_CHANGES) {
      this.lose();
      return;
    }
    this.#hasNews = true;
    this.#columns ??= new FoldedColumns();
    const columns = this.#columns;
    if (kind === 'opened' || kind === 'established') {
      if (event.atMs < this.#baseMs) return;
      const before = this.#opened.of(cookie);
      if (before === NO_ROW) columns.set(this.#opened.add(cookie), event);
      else columns.update(before, event);
      return;
    }
    const before = this.#opened.delete(cookie);
    if (before === NO_ROW || columns.openedMs(before) < this.#baseMs + SNAPSHOT_TAKES_MS) this.#ended.add(cookie);
  }

  each(visit: (socket: SocketView) => void): void {
    const seen = new Set<number>();
    this.#base.each((socket) => {
      const cookie = cookieOf(socket);
      if (socket.proto === 'tcp' && cookie !== 0) {
        if (this.#ended.of(cookie) !== NO_ROW) return;
        if (this.#opened.of(cookie) !== NO_ROW) {
          // An attempt of the snapshot is as the event says; any other state is later than that.
          if (socket.state === TCP_STATE.SYN_SENT) return;
          seen.add(cookie);
        }
      }
      visit(socket);
    });
    if (this.#columns === undefined) return;
    const opened = new FoldedConnection(this.#columns);
    this.#opened.each((row, cookie) => {
      if (!seen.has(cookie)) visit(opened.moveTo(row));
    });
  }
}

const NO_SOCKETS: SocketSource = { each: () => {} };

/** Exact below 2^53, and the kernel counts cookies up from boot. */
function cookieOf({ cookieLow, cookieHigh }: SocketView): number {
  return cookieHigh * 2 ** 32 + cookieLow;
}
