import type { SocketColumns } from '../model/socket/socket-columns.ts';
import { AllOfColumns, type StoredSockets } from '../model/socket/stored-sockets.ts';
import { PlacesTable } from './places-table.ts';

/**
 * The sockets of a namespace by their keys, in the order in which they came. Most namespaces never change: as
 * long as all there is came at once, nothing is made for one of them.
 */
export class KeptTable {
  #first: { keys: readonly number[]; columns: SocketColumns } | undefined;
  #places: PlacesTable | undefined;

  remove(keys: readonly number[]): void {
    if (keys.length > 0) this.#placed().remove(keys);
  }

  /** Adds sockets, a row each, or puts them in the places that they have. */
  put(keys: readonly number[], columns: SocketColumns): void {
    const isFirst = this.#first === undefined && this.#places === undefined;
    if (isFirst && isAscending(keys)) this.#first = { keys, columns };
    else this.#placed().put(keys, columns);
  }

  /** All of them at a moment: MPTCP before TCP, as dumps have them, for counts know a connection's TCP level by having seen the connection. */
  sockets(atMs: number): StoredSockets {
    const first = this.#first;
    if (first !== undefined && !first.columns.proto?.includes('mptcp')) return new AllOfColumns(first.columns, atMs);
    return this.#placed().sockets(atMs);
  }

  #placed(): PlacesTable {
    this.#places ??= new PlacesTable();
    if (this.#first !== undefined) this.#places.put(this.#first.keys, this.#first.columns);
    this.#first = undefined;
    return this.#places;
  }
}

/** Whether each is there once. */
function isAscending(keys: readonly number[]): boolean {
  for (let index = 1; index < keys.length; index++) if ((keys[index] ?? 0) <= (keys[index - 1] ?? 0)) return false;
  return true;
}
