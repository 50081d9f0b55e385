import { ColumnRows } from '../../base/column-rows.ts';
import { presentProtos } from '../../collect/dump/dump-plan.ts';
import { HeldSocketView, type HeldTable } from '../../collect/owners/held-socket-view.ts';
import type { Sockstat } from '../../model/netns/counters.ts';
import { identityOf, type SocketIdentity } from '../../model/socket/socket-identity.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { SocketSource, SocketView } from '../../model/socket/socket-view.ts';
import { stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';

/** Of the kernel's headers. */
const AF = { INET: 2, INET6: 10 } as const;
const IPPROTO = { TCP: 6, UDP: 17 } as const;

/** The protocols that a pass has. */
export type HeldProto = 'tcp' | 'udp';

/**
 * The protocols of a query, where a pass can have all of its sockets; undefined where it cannot.
 *
 * @param sockstat of the namespace: a protocol that it does not have is no obstacle
 */
export function heldProtos(query: SocketQuery, sockstat: Sockstat): HeldProto[] | undefined {
  const { inet, inet6, tcpInfo, filter } = query;
  if (!inet || !inet6 || tcpInfo || filter !== undefined) return undefined;
  const protos: HeldProto[] = [];
  for (const proto of presentProtos(query, sockstat).protos) {
    if (proto !== 'tcp' && proto !== 'udp') return undefined;
    protos.push(proto);
  }
  return protos;
}

/** Inodes of the pass that is being read: the same memory for each, of which there may be one a second. */
const seen = new ColumnRows();

/** Rows of a namespace, one for each socket; `bound` are TCP sockets with a port, and in no other state (CLOSE). */
type Rows = Readonly<Record<HeldProto | 'bound', readonly number[]>>;
const NO_ROWS: Rows = { tcp: [], udp: [], bound: [] };

/**
 * The TCP and UDP sockets that processes hold, of every namespace, from one pass over their descriptors. Those that no
 * table has are left out: those without a port.
 */
export class HeldSockets {
  /** When the pass began, milliseconds since the epoch. */
  readonly takenAtMs: number;
  readonly table: HeldTable;
  readonly #rows = new Map<number, Record<keyof Rows, number[]>>();
  /** By PID; undefined for a process with several tables of descriptors, and all of it until it is asked for. */
  #descriptors: ReadonlyMap<number, ReadonlyMap<number, number> | undefined> | undefined;

  constructor(table: HeldTable, takenAtMs: number) {
    this.table = table;
    this.takenAtMs = takenAtMs;
    const protocol = table.column('protocol');
    const family = table.column('family');
    const state = table.column('state');
    const port = table.column('localPort');
    const inode = table.column('inode');
    const netns = table.column('netns');
    // A socket has a row for each descriptor that refers to it.
    seen.clear();
    for (let row = 0; row < table.rows; row++) {
      const isTcp = protocol[row] === IPPROTO.TCP;
      const isOpen = isTcp && state[row] !== TCP_STATE.CLOSE;
      if (!isOpen && ((!isTcp && protocol[row] !== IPPROTO.UDP) || port[row] === 0)) continue;
      if (family[row] !== AF.INET && family[row] !== AF.INET6) continue;
      const before = seen.size;
      seen.add(inode[row] ?? 0);
      if (seen.size === before) continue;
      const of = netns[row] ?? 0;
      let rows = this.#rows.get(of);
      if (rows === undefined) {
        rows = { tcp: [], udp: [], bound: [] };
        this.#rows.set(of, rows);
      }
      (isOpen ? rows.tcp : isTcp ? rows.bound : rows.udp).push(row);
    }
  }

  /**
   * The descriptors of a process that are sockets of any kind, with the inode of each; undefined where none is, or where
   * threads have descriptors of their own.
   */
  descriptorsOf(pid: number): ReadonlyMap<number, number> | undefined {
    this.#descriptors ??= descriptorsByPid(this.table);
    return this.#descriptors.get(pid);
  }

  /** Those of a namespace. @param netns its inode @param states mask of those that are wanted */
  of(netns: number, protos: readonly HeldProto[], states: number): HeldOfNetns {
    const rows = this.#rows.get(netns) ?? NO_ROWS;
    const hasBound = protos.includes('tcp') && (states & stateMask(TCP_STATE.BOUND_INACTIVE)) !== 0;
    return new HeldOfNetns(this.table, hasBound ? rows : { ...rows, bound: [] }, protos);
  }
}

function descriptorsByPid(table: HeldTable): ReadonlyMap<number, ReadonlyMap<number, number> | undefined> {
  const pids = table.column('pid');
  const fds = table.column('fd');
  const inodes = table.column('inode');
  const found = new Map<number, Map<number, number> | undefined>();
  let of: Map<number, number> | undefined;
  for (let row = 0; row < table.rows; row++) {
    const pid = pids[row] ?? 0;
    const fd = fds[row] ?? 0;
    const isFirst = row === 0 || pid !== pids[row - 1];
    if (isFirst && !found.has(pid)) {
      of = new Map();
      found.set(pid, of);
    } else if (isFirst || fd <= (fds[row - 1] ?? 0)) {
      // Those of each table come in a row, in the order of their numbers.
      of = undefined;
      found.set(pid, of);
    }
    of?.set(fd, inodes[row] ?? 0);
  }
  return found;
}

/** The sockets of a namespace that processes hold. */
export class HeldOfNetns implements SocketSource {
  readonly #table: HeldTable;
  readonly #rows: Rows;
  readonly #protos: readonly HeldProto[];

  constructor(table: HeldTable, rows: Rows, protos: readonly HeldProto[]) {
    this.#table = table;
    this.#rows = rows;
    this.#protos = protos;
  }

  /**
   * Whether the namespace has no other sockets of these protocols: orphaned and unaccepted ones, those of the kernel and
   * of MPTCP, and those inside messages are in `inuse` of sockstat too; entries in TIME_WAIT are counted there; half-open
   * ones belong to listeners, which know how many they have.
   */
  isAllOf({ tcp, tcp6, timeWait, udp, udp6 }: Sockstat): boolean {
    const isAll = (proto: HeldProto, ipv4: number, ipv6: number) =>
      !this.#protos.includes(proto) || this.#isAll(this.#rows[proto], ipv4, ipv6);
    return timeWait === 0 && isAll('tcp', tcp, tcp6) && isAll('udp', udp, udp6);
  }

  /** What identifies them, of those that the kernel finds by their addresses: undefined where some are only bound. */
  identities(): SocketIdentity[] | undefined {
    if (this.#rows.bound.length > 0) return undefined;
    const identities: SocketIdentity[] = [];
    this.each((socket) => {
      const identity = identityOf(socket);
      if (identity !== undefined) identities.push(identity);
    });
    return identities;
  }

  each(visit: (socket: SocketView) => void): void {
    const view = new HeldSocketView(this.#table);
    for (const proto of this.#protos) for (const row of this.#rows[proto]) visit(view.moveTo(row));
    for (const row of this.#rows.bound) visit(view.moveTo(row));
  }

  /** A copy that does not keep the sockets of other namespaces in memory. */
  detached(): HeldOfNetns {
    const { tcp, udp, bound } = this.#rows;
    const table = this.#table.pick([...tcp, ...udp, ...bound]);
    const from = (first: number, rows: readonly number[]) => rows.map((_, index) => first + index);
    const rows = {
      tcp: from(0, tcp),
      udp: from(tcp.length, udp),
      bound: from(tcp.length + udp.length, bound),
    };
    return new HeldOfNetns(table, rows, this.#protos);
  }

  #isAll(rows: readonly number[], inet: number, inet6: number): boolean {
    if (rows.length !== inet + inet6) return false;
    const family = this.#table.column('family');
    const hasHalfOpen = this.#table.column('hasHalfOpen');
    let found = 0;
    for (const row of rows) {
      if (hasHalfOpen[row] !== 0) return false;
      if (family[row] === AF.INET) found++;
    }
    return found === inet;
  }
}
