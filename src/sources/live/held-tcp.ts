import { HeldSocketView, type HeldTable } from '../../collect/owners/held-socket-view.ts';
import type { Sockstat } from '../../model/netns/counters.ts';
import type { SocketSource, SocketView } from '../../model/socket/socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';

/** Of the kernel's headers. */
const AF = { INET: 2, INET6: 10 } as const;
const IPPROTO_TCP = 6;
const NO_ROWS: readonly number[] = [];

/**
 * The TCP sockets that processes hold, of every namespace, from one pass over their descriptors: those that are bound
 * to nothing and connected to nothing (CLOSE), which no table has, are left out.
 */
export class HeldTcp {
  /** When the pass began, milliseconds since the epoch. */
  readonly takenAtMs: number;
  readonly #table: HeldTable;
  /** Rows of the table by namespace, one for each socket. */
  readonly #rows = new Map<number, number[]>();

  constructor(table: HeldTable, takenAtMs: number) {
    this.#table = table;
    this.takenAtMs = takenAtMs;
    const protocol = table.column('protocol');
    const family = table.column('family');
    const state = table.column('state');
    const inode = table.column('inode');
    const netns = table.column('netns');
    // A socket has a row for each descriptor that refers to it.
    const seen = new Set<number>();
    for (let row = 0; row < table.rows; row++) {
      if (protocol[row] !== IPPROTO_TCP || state[row] === TCP_STATE.CLOSE) continue;
      if (family[row] !== AF.INET && family[row] !== AF.INET6) continue;
      const before = seen.size;
      if (seen.add(inode[row] ?? 0).size === before) continue;
      const of = netns[row] ?? 0;
      const rows = this.#rows.get(of);
      if (rows === undefined) this.#rows.set(of, [row]);
      else rows.push(row);
    }
  }

  /** Those of a namespace. @param netns its inode */
  of(netns: number): HeldTcpOfNetns {
    return new HeldTcpOfNetns(this.#table, this.#rows.get(netns) ?? NO_ROWS);
  }
}

/** The TCP sockets of a namespace that processes hold. */
export class HeldTcpOfNetns implements SocketSource {
  readonly #table: HeldTable;
  readonly #rows: readonly number[];

  constructor(table: HeldTable, rows: readonly number[]) {
    this.#table = table;
    this.#rows = rows;
  }

  /**
   * Whether the namespace has no other TCP sockets: orphaned and unaccepted ones, those of the kernel and of MPTCP, and
   * those inside messages are in `inuse` of sockstat too; entries in TIME_WAIT are counted there; half-open ones belong
   * to listeners, which know how many they have.
   */
  isAllOf({ tcp, tcp6, timeWait }: Sockstat): boolean {
    if (timeWait !== 0 || this.#rows.length !== tcp + tcp6) return false;
    const family = this.#table.column('family');
    const hasHalfOpen = this.#table.column('hasHalfOpen');
    let ipv4 = 0;
    for (const row of this.#rows) {
      if (hasHalfOpen[row] !== 0) return false;
      if (family[row] === AF.INET) ipv4++;
    }
    return ipv4 === tcp;
  }

  each(visit: (socket: SocketView) => void): void {
    const view = new HeldSocketView(this.#table);
    for (const row of this.#rows) visit(view.moveTo(row));
  }
}
