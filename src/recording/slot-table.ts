import { pickRows, type SocketColumns, valueAt } from '../model/socket/socket-columns.ts';
import { RowsOfColumns, type StoredSockets } from '../model/socket/stored-sockets.ts';

/** Sockets by their keys, in the order in which they came. Each has a slot, which holds its columns and its row in them. */
export class SlotTable {
  readonly #slots = new Map<number, number>();
  /** Undefined in an empty slot. */
  #columns: (SocketColumns | undefined)[] = [];
  #rows: number[] = [];
  /** Whether the lists were handed out: then they are copied before they change. */
  #shared = false;
  #mptcp = false;
  /** How many of the rows of some columns are still in use; absent for columns of which all are. */
  readonly #used = new Map<SocketColumns, number>();

  keys(): Iterable<number> {
    return this.#slots.keys();
  }

  /** Where a socket is stored; undefined for a key that is not in the table. */
  find(key: number): { columns: SocketColumns; row: number } | undefined {
    const slot = this.#slots.get(key);
    const columns = slot === undefined ? undefined : this.#columns[slot];
    return slot === undefined || columns === undefined ? undefined : { columns, row: this.#rows[slot] ?? 0 };
  }

  remove(keys: readonly number[]): void {
    this.#own();
    for (const key of keys) {
      const slot = this.#slots.get(key);
      if (slot === undefined) continue;
      this.#slots.delete(key);
      this.#leave(slot);
      this.#columns[slot] = undefined;
    }
    if (this.#slots.size * 2 < this.#columns.length) this.#closeUp();
    this.#repack();
  }

  /** Adds sockets, one for each row, or replaces those of the same keys. */
  put(keys: readonly number[], columns: SocketColumns): void {
    this.#own();
    this.#mptcp ||= columns.proto?.includes('mptcp') ?? false;
    for (let row = 0; row < keys.length; row++) {
      const key = keys[row] ?? 0;
      const known = this.#slots.get(key);
      if (known !== undefined) this.#leave(known);
      const slot = known ?? this.#columns.length;
      if (known === undefined) this.#slots.set(key, slot);
      this.#columns[slot] = columns;
      this.#rows[slot] = row;
    }
    this.#repack();
  }

  /** All of them at a moment, MPTCP before TCP. */
  sockets(atMs: number): StoredSockets {
    this.#shared = true;
    const { size } = this.#slots;
    if (!this.#mptcp) return new RowsOfColumns(this.#columns, this.#rows, size, atMs);
    const isConnection = (slot: number) => {
      const columns = this.#columns[slot];
      return columns !== undefined && valueAt(columns.proto, this.#rows[slot] ?? 0) === 'mptcp';
    };
    const slots = [...this.#slots.values()];
    const order = [...slots.filter(isConnection), ...slots.filter((slot) => !isConnection(slot))];
    return new RowsOfColumns(
      order.map((slot) => this.#columns[slot]),
      order.map((slot) => this.#rows[slot] ?? 0),
      size,
      atMs,
    );
  }

  #own(): void {
    if (!this.#shared) return;
    this.#columns = [...this.#columns];
    this.#rows = [...this.#rows];
    this.#shared = false;
  }

  /** The socket of a slot no longer uses its row. */
  #leave(slot: number): void {
    const columns = this.#columns[slot];
    if (columns === undefined) return;
    this.#used.set(columns, (this.#used.get(columns) ?? columns.cookie.length) - 1);
  }

  /** Replaces columns of which at most a quarter of the rows is in use by columns of these rows: the others would stay in memory. */
  #repack(): void {
    const sparse = new Map<SocketColumns, number[]>();
    for (const [columns, used] of this.#used) {
      if (used * 4 > columns.cookie.length) continue;
      this.#used.delete(columns);
      if (used > 0) sparse.set(columns, []);
    }
    if (sparse.size === 0) return;
    for (const slot of this.#slots.values()) {
      const columns = this.#columns[slot];
      if (columns !== undefined) sparse.get(columns)?.push(slot);
    }
    for (const [columns, slots] of sparse) {
      const rows = slots.map((slot) => this.#rows[slot] ?? 0);
      const packed = pickRows(columns, rows);
      for (const [row, slot] of slots.entries()) {
        this.#columns[slot] = packed;
        this.#rows[slot] = row;
      }
    }
  }

  /** Removes the empty slots. */
  #closeUp(): void {
    const taken = [...this.#slots];
    this.#rows = taken.map(([, slot]) => this.#rows[slot] ?? 0);
    this.#columns = taken.map(([, slot]) => this.#columns[slot]);
    for (const [slot, [key]] of taken.entries()) this.#slots.set(key, slot);
  }
}
