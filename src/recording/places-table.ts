import { pickRows, type SocketColumns, valueAt } from '../model/socket/socket-columns.ts';
import { PlacedSockets, type StoredSockets } from '../model/socket/stored-sockets.ts';

/** Sockets by their keys, in the order in which they came, each with a place that tells its columns and its row in them. */
export class PlacesTable {
  readonly #places = new Map<number, number>();
  /** Undefined in a place that is empty. */
  #columns: (SocketColumns | undefined)[] = [];
  #rows: number[] = [];
  /** Whether the lists were handed out: then they are not changed any more, but exchanged. */
  #shared = false;
  #mptcp = false;
  /** How many sockets there still are of columns that had more. */
  readonly #left = new Map<SocketColumns, number>();

  remove(keys: readonly number[]): void {
    this.#own();
    for (const key of keys) {
      const place = this.#places.get(key);
      if (place === undefined) continue;
      this.#places.delete(key);
      this.#leave(place);
      this.#columns[place] = undefined;
    }
    if (this.#places.size * 2 < this.#columns.length) this.#closeUp();
    this.#packLoose();
  }

  /** Adds sockets, a row each, or puts them in the places that they have. */
  put(keys: readonly number[], columns: SocketColumns): void {
    this.#own();
    this.#mptcp ||= columns.proto?.includes('mptcp') ?? false;
    for (let row = 0; row < keys.length; row++) {
      const key = keys[row] ?? 0;
      const known = this.#places.get(key);
      if (known !== undefined) this.#leave(known);
      const place = known ?? this.#columns.length;
      if (known === undefined) this.#places.set(key, place);
      this.#columns[place] = columns;
      this.#rows[place] = row;
    }
    this.#packLoose();
  }

  /** All of them at a moment, MPTCP before TCP. */
  sockets(atMs: number): StoredSockets {
    this.#shared = true;
    if (!this.#mptcp) return new PlacedSockets(this.#columns, this.#rows, atMs);
    const isConnection = (place: number) => {
      const columns = this.#columns[place];
      return columns !== undefined && valueAt(columns.proto, this.#rows[place] ?? 0) === 'mptcp';
    };
    const places = [...this.#places.values()];
    const order = [...places.filter(isConnection), ...places.filter((place) => !isConnection(place))];
    return new PlacedSockets(
      order.map((place) => this.#columns[place]),
      order.map((place) => this.#rows[place] ?? 0),
      atMs,
    );
  }

  #own(): void {
    if (!this.#shared) return;
    this.#columns = [...this.#columns];
    this.#rows = [...this.#rows];
    this.#shared = false;
  }

  /** A socket is not in its columns any more. */
  #leave(place: number): void {
    const columns = this.#columns[place];
    if (columns === undefined) return;
    this.#left.set(columns, (this.#left.get(columns) ?? columns.cookie.length) - 1);
  }

  /** Columns of which few sockets are left are exchanged for columns of these alone: the others' values would stay in memory. */
  #packLoose(): void {
    const loose = new Map<SocketColumns, number[]>();
    for (const [columns, left] of this.#left) {
      if (left * 4 > columns.cookie.length) continue;
      this.#left.delete(columns);
      if (left > 0) loose.set(columns, []);
    }
    if (loose.size === 0) return;
    for (const place of this.#places.values()) {
      const columns = this.#columns[place];
      if (columns !== undefined) loose.get(columns)?.push(place);
    }
    for (const [columns, places] of loose) {
      const rows = places.map((place) => this.#rows[place] ?? 0);
      const packed = pickRows(columns, rows);
      for (const [row, place] of places.entries()) {
        this.#columns[place] = packed;
        this.#rows[place] = row;
      }
    }
  }

  /** Takes the empty places out. */
  #closeUp(): void {
    const taken = [...this.#places];
    this.#rows = taken.map(([, place]) => this.#rows[place] ?? 0);
    this.#columns = taken.map(([, place]) => this.#columns[place]);
    for (const [place, [key]] of taken.entries()) this.#places.set(key, place);
  }
}
