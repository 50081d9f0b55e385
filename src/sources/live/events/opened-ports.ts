import type { ConnectionFields } from '../../../bpf/programs/connection-events.ts';
import type { RecordTable } from '../../../bpf/record-table.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';

/** A connection is established, or fails, mostly within so many records: further ones are looked for in all at once. */
const NEAR = 64;

/**
 * The local ports of the records that were read together. The kernel chooses a port after the change to SYN_SENT: it
 * comes from the next record of the socket.
 */
export class OpenedPorts {
  readonly #table: RecordTable<ConnectionFields>;
  #ports: Uint16Array | undefined;

  constructor(table: RecordTable<ConnectionFields>) {
    this.#table = table;
  }

  /** The local port of a record; 0 where it is not there yet. */
  of(row: number): number {
    const port = this.#table.column('localPort')[row] ?? 0;
    if (port !== 0) return port;
    const near = this.#ports === undefined ? this.#next(row) : undefined;
    if (near !== undefined) return near;
    this.#ports ??= this.#resolved();
    return this.#ports[row] ?? 0;
  }

  /** The port of the next record of its socket, where that is near. */
  #next(row: number): number | undefined {
    const table = this.#table;
    const sockets = table.column('socket');
    const others = table.column('socketOther');
    const states = table.column('newState');
    if (states[row] !== TCP_STATE.SYN_SENT) return 0;
    for (let next = row + 1; next < Math.min(table.rows, row + NEAR); next++) {
      const isSame = sockets[next] === sockets[row] && others[next] === others[row];
      if (isSame && states[next] !== TCP_STATE.SYN_SENT) return table.column('localPort')[next] ?? 0;
    }
    return undefined;
  }

  #resolved(): Uint16Array {
    const ports = this.#table.column('localPort').slice();
    const states = this.#table.column('newState');
    const sockets = socketsOf(this.#table);
    const next = new Map<number, number>();
    for (let row = this.#table.rows - 1; row >= 0; row--) {
      const socket = sockets[row] ?? 0;
      if (states[row] !== TCP_STATE.SYN_SENT) next.set(socket, ports[row] ?? 0);
      else if (ports[row] === 0) ports[row] = next.get(socket) ?? 0;
    }
    return ports;
  }
}

/** The address of the socket of each record as a number: its lower 48 bits, which no other socket has at the time. */
export function socketsOf(table: RecordTable<ConnectionFields>): Float64Array {
  return addressesOf(table.column('socket'), table.column('socketOther'));
}

/** As {@link socketsOf}, from the lower and the upper halves of addresses. */
export function addressesOf(low: Uint32Array, high: Uint32Array): Float64Array {
  const sockets = new Float64Array(low.length);
  for (let row = 0; row < low.length; row++) sockets[row] = (low[row] ?? 0) + ((high[row] ?? 0) & 0xffff) * 2 ** 32;
  return sockets;
}
