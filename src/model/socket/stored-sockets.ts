import type { SocketColumns } from './socket-columns.ts';
import type { SocketSource } from './socket-view.ts';
import { StoredSocket } from './stored-socket.ts';

/** Sockets stored in columns, as they were at one moment. Never changed. */
export abstract class StoredSockets implements SocketSource {
  /** How many there are. */
  abstract readonly length: number;

  /** The same sockets at a later moment up to which nothing happened to them. @param atMs milliseconds since the epoch */
  abstract at(atMs: number): StoredSockets;

  /** Calls `visit` for each with its columns, its row in them, and the moment in milliseconds since the epoch. */
  protected abstract eachRow(visit: (columns: SocketColumns, row: number, atMs: number) => void): void;

  each(visit: (socket: StoredSocket) => void): void {
    const view = new StoredSocket();
    this.eachRow((columns, row, atMs) => visit(view.moveTo(columns, row, atMs)));
  }

  /** An object for each, in the same order. */
  toArray(): StoredSocket[] {
    const made: StoredSocket[] = [];
    this.eachRow((columns, row, atMs) => made.push(new StoredSocket().moveTo(columns, row, atMs)));
    return made;
  }
}

/** All rows of some columns. */
export class AllRows extends StoredSockets {
  readonly #columns: SocketColumns;
  readonly #atMs: number;

  /** @param atMs the moment, milliseconds since the epoch; when they were read by default */
  constructor(columns: SocketColumns, atMs: number = columns.atMs) {
    super();
    this.#columns = columns;
    this.#atMs = atMs;
  }

  get length(): number {
    return this.#columns.cookie.length;
  }

  override at(atMs: number): AllRows {
    return new AllRows(this.#columns, atMs);
  }

  protected override eachRow(visit: (columns: SocketColumns, row: number, atMs: number) => void): void {
    for (let row = 0; row < this.length; row++) visit(this.#columns, row, this.#atMs);
  }
}

/** Sockets each of which is a row of columns of its own. */
export class RowsOfColumns extends StoredSockets {
  readonly length: number;
  readonly #columns: readonly (SocketColumns | undefined)[];
  readonly #rows: readonly number[];
  readonly #atMs: number;

  /**
   * @param columns of each socket; undefined for an empty slot
   * @param rows of each socket in its columns
   * @param length how many slots are not empty
   * @param atMs the moment, milliseconds since the epoch
   */
  constructor(columns: readonly (SocketColumns | undefined)[], rows: readonly number[], length: number, atMs: number) {
    super();
    this.#columns = columns;
    this.#rows = rows;
    this.length = length;
    this.#atMs = atMs;
  }

  override at(atMs: number): RowsOfColumns {
    return new RowsOfColumns(this.#columns, this.#rows, this.length, atMs);
  }

  protected override eachRow(visit: (columns: SocketColumns, row: number, atMs: number) => void): void {
    for (let slot = 0; slot < this.#columns.length; slot++) {
      const columns = this.#columns[slot];
      if (columns !== undefined) visit(columns, this.#rows[slot] ?? 0, this.#atMs);
    }
  }
}
