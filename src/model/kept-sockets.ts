import { ColumnView } from './column-view.ts';
import type { SocketColumns } from './socket-columns.ts';
import type { SocketSource } from './socket-view.ts';

/** Sockets that are kept in columns, each a row of those in which it was last told of. Never changed. */
export class KeptSockets implements SocketSource {
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
    for (let place = 0; place < this.#columns.length; place++) {
      const columns = this.#columns[place];
      if (columns !== undefined) visit(view.moveTo(columns, this.#rows[place] ?? 0, this.#atMs));
    }
  }
}
