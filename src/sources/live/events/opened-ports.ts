import type { ConnectionFields } from '../../../bpf/programs/connection-events.ts';
import type { RecordTable } from '../../../bpf/record-table.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';

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
    this.#ports ??= this.#resolved();
    return this.#ports[row] ?? 0;
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
  const low = table.column('socket');
  const high = table.column('socketOther');
  const sockets = new Float64Array(low.length);
  for (let row = 0; row < low.length; row++) sockets[row] = (low[row] ?? 0) + ((high[row] ?? 0) & 0xffff) * 2 ** 32;
  return sockets;
}
