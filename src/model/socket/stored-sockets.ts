import { ColumnView } from './column-view.ts';
import type { SocketColumns } from './socket-columns.ts';
import type { SocketSource } from './socket-view.ts';

/** Sockets that are kept in columns, at a moment. Never changed. */
export interface StoredSockets extends SocketSource {
  each(visit: (socket: ColumnView) => void): void;
}

/** All rows of some columns. */
export class AllOfColumns implements StoredSockets {
  readonly #columns: SocketColumns;
  readonly #atMs: number;

  /** @param atMs when they are looked at, milliseconds since the epoch */
  constructor(columns: SocketColumns, atMs: number) {
    this.#columns = columns;
    this.#atMs = atMs;
  }

  each(visit: (socket: ColumnView) => void): void {
    const view = new ColumnView();
    const { length } = this.#columns.cookie;
    for (let row = 0; row < length; row++) visit(view.moveTo(this.#columns, row, this.#atMs));
  }
}

/** Sockets each of which is a row of columns of its own. */
export class PlacedSockets implements StoredSockets {
  readonly #columns: readonly (SocketColumns | undefined)[];
  readonly #rows: readonly number[];
  readonly #atMs: number;

  /**
   * @param columns of each socket; undefined in a place that is empty
   * @param rows of each socket in its columns
   * @param atMs when they are looked at, milliseconds since the epoch
   */
  constructor(columns: readonly (SocketColumns | undefined)[], rows: readonly number[], atMs: number) {
    this.#columns = columns;
    this.#rows = rows;
    this.#atMs = atMs;
  }

  each(visit: (socket: ColumnView) => void): void {
    const view = new ColumnView();
    for (let handle = 0; handle < this.#columns.length; handle++) {
      const columns = this.#columns[handle];
      if (columns !== undefined) visit(view.moveTo(columns, this.#rows[handle] ?? 0, this.#atMs));
    }
  }
}
