import { KeptSockets } from '../model/kept-sockets.ts';
import { pickRows, type SocketColumns, valueAt } from '../model/socket-columns.ts';

/**
 * The sockets of a namespace by their keys, in the order in which they came. They stay in the columns in which
 * they were told of, and have a place in plain lists: nothing is made for one of them.
 */
export class KeptTable {
  /** Undefined in a place that is empty. */
  #columns: (SocketColumns | undefined)[] = [];
  #rows: number[] = [];
  #keys: number[] = [];
  /** Whether {@link sockets} handed the lists out: then they are never changed again, but exchanged. */
  #shared = false;
  #empty = 0;
  /** Where each key is: made when it is first needed, for most namespaces never change. */
  #places: Map<number, number> | undefined;
  /** How many sockets there still are of columns that had more. */
  readonly #left = new Map<SocketColumns, number>();

  remove(keys: readonly number[]): void {
    this.#own();
    const places = this.#index();
    for (const key of keys) {
      const place = places.get(key);
      if (place === undefined) continue;
      places.delete(key);
      this.#leave(place);
      this.#columns[place] = undefined;
      this.#empty++;
    }
    if (this.#empty * 2 > this.#columns.length) this.#closeUp();
    this.#packLoose();
  }

  /** Adds sockets, a row each, or puts them in the places that they have. */
  put(keys: readonly number[], columns: SocketColumns): void {
    if (this.#columns.length === 0 && isAscending(keys)) {
      this.#keys = [...keys];
      this.#columns = keys.map(() => columns);
      this.#rows = keys.map((_, row) => row);
      this.#shared = false;
      this.#places = undefined;
      return;
    }
    this.#own();
    const places = this.#index();
    for (let row = 0; row < keys.length; row++) {
      const key = keys[row] ?? 0;
      const known = places.get(key);
      if (known !== undefined) this.#leave(known);
      const place = known ?? this.#keys.push(key) - 1;
      places.set(key, place);
      this.#columns[place] = columns;
      this.#rows[place] = row;
    }
    this.#packLoose();
  }

  /** All of them at a moment. */
  sockets(atMs: number): KeptSockets {
    this.#shared = true;
    return new KeptSockets(this.#columns, this.#rows, atMs);
  }

  /** The same, MPTCP before TCP, as dumps have them: counts know a connection's TCP level by having seen the connection. */
  socketsInOrder(atMs: number): KeptSockets {
    const isConnection = (place: number) => {
      const columns = this.#columns[place];
      return columns !== undefined && valueAt(columns.proto, this.#rows[place] ?? 0) === 'mptcp';
    };
    const places = [...this.#columns.keys()];
    const order = [...places.filter(isConnection), ...places.filter((place) => !isConnection(place))];
    return new KeptSockets(
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

  #index(): Map<number, number> {
    this.#places ??= new Map(this.#keys.map((key, place) => [key, place]));
    return this.#places;
  }

  /** A socket is not in its columns any more. */
  #leave(place: number): void {
    const columns = this.#columns[place];
    if (columns === undefined) return;
    const left = (this.#left.get(columns) ?? columns.cookie.length) - 1;
    this.#left.set(columns, left);
  }

  /** Columns of which few sockets are left are exchanged for columns of these alone: the others' values would stay in memory. */
  #packLoose(): void {
    const loose = new Set<SocketColumns>();
    for (const [columns, left] of this.#left) {
      if (left * 4 > columns.cookie.length) continue;
      this.#left.delete(columns);
      if (left > 0) loose.add(columns);
    }
    if (loose.size === 0) return;
    const places = Map.groupBy(this.#columns.keys(), (place) => this.#columns[place]);
    for (const columns of loose) {
      const taken = places.get(columns) ?? [];
      const packed = pickRows(
        columns,
        taken.map((place) => this.#rows[place] ?? 0),
      );
      for (const [row, place] of taken.entries()) {
        this.#columns[place] = packed;
        this.#rows[place] = row;
      }
    }
  }

  /** Takes the empty places out. */
  #closeUp(): void {
    const isTaken = (_: unknown, place: number) => this.#columns[place] !== undefined;
    this.#keys = this.#keys.filter(isTaken);
    this.#rows = this.#rows.filter(isTaken);
    this.#columns = this.#columns.filter((columns) => columns !== undefined);
    this.#empty = 0;
    this.#places = undefined;
  }
}

function isAscending(keys: readonly number[]): boolean {
  return keys.every((key, index) => index === 0 || key > (keys[index - 1] ?? 0));
}
