import type { SocketColumns } from '../model/socket/socket-columns.ts';
import { AllRows, type StoredSockets } from '../model/socket/stored-sockets.ts';
import { SlotTable } from './slot-table.ts';

/**
 * The sockets of a namespace by their keys, in the order in which they came. Most namespaces never change: as long
 * as all sockets came at once, they stay in the columns that they came in, without an index of their keys.
 */
export class SocketTable {
  #first: { keys: readonly number[]; columns: SocketColumns } | undefined;
  #slots: SlotTable | undefined;

  remove(keys: readonly number[]): void {
    if (keys.length > 0) this.#indexed().remove(keys);
  }

  /** Adds sockets, one for each row, or replaces those of the same keys. */
  put(keys: readonly number[], columns: SocketColumns): void {
    const isFirst = this.#first === undefined && this.#slots === undefined;
    if (isFirst && isAscending(keys)) this.#first = { keys, columns };
    else this.#indexed().put(keys, columns);
  }

  /** All of them at a moment: MPTCP before TCP, as in dumps, since counting recognizes the TCP level of a connection by having seen the connection. */
  sockets(atMs: number): StoredSockets {
    const first = this.#first;
    if (first !== undefined && !first.columns.proto?.includes('mptcp')) return new AllRows(first.columns, atMs);
    return this.#indexed().sockets(atMs);
  }

  #indexed(): SlotTable {
    this.#slots ??= new SlotTable();
    if (this.#first !== undefined) this.#slots.put(this.#first.keys, this.#first.columns);
    this.#first = undefined;
    return this.#slots;
  }
}

/** Whether each occurs once. */
function isAscending(keys: readonly number[]): boolean {
  for (let index = 1; index < keys.length; index++) if ((keys[index] ?? 0) <= (keys[index - 1] ?? 0)) return false;
  return true;
}
