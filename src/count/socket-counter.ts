import type { Sockstat } from '../model/netns/counters.ts';
import type { OtherProto, SocketCounts } from '../model/report/socket-counts.ts';
import { OTHER_PROTOS } from '../model/socket/socket-query.ts';
import type { Proto, SocketSource, SocketView } from '../model/socket/socket-view.ts';
import { stateName, TCP_STATE } from '../model/socket/tcp-state.ts';
import { DistinctSockets } from './distinct-sockets.ts';
import { isAbandoned, type LeftOut, leftOutCounts } from './left-out.ts';

/** Counts that are all 0. */
export const NO_SOCKETS: SocketCounts = { total: 0, tcp: 0, udp: 0, raw: 0, unix: 0, byState: {} };

const NOTHING_LEFT_OUT: LeftOut = { timeWait: false, datagrams: false };

/** Counts sockets by protocol and state, an MPTCP connection once. ps, top, guard and compare show its {@link counts}. */
export class SocketCounter {
  /** TCP sockets by state number. */
  readonly #states = new Uint32Array(16);
  readonly #distinct = new DistinctSockets();
  #abandoned = 0;
  #udp = 0;
  #raw = 0;
  #unix = 0;
  readonly #others = { icmp: 0, packet: 0, netlink: 0, vsock: 0 };

  /** Counts one socket. @returns false for a TCP subflow of an MPTCP connection that was counted */
  add(socket: SocketView): boolean {
    if (!this.#distinct.isNew(socket)) return false;
    this.addCounted(socket.proto, socket.state, isAbandoned(socket), 1);
    return true;
  }

  /** Adds a number of sockets of the same protocol and state. @param abandoned see {@link isAbandoned} */
  addCounted(proto: Proto, state: number, abandoned: boolean, count: number): void {
    switch (proto) {
      case 'unix':
        this.#unix += count;
        break;
      case 'udp':
      case 'udplite':
        this.#udp += count;
        break;
      case 'raw':
        this.#raw += count;
        break;
      case 'icmp':
      case 'packet':
      case 'netlink':
      case 'vsock':
        this.#others[proto] += count;
        break;
      default:
        this.#addState(state & 15, count);
        if (abandoned) this.#abandoned += count;
    }
  }

  /**
   * The counts so far.
   *
   * @param sockstat counters of the network namespace, to add what the dump left out; undefined to add nothing
   * @param leftOut what the dump left out; by default nothing
   */
  counts(sockstat?: Sockstat, leftOut: LeftOut = NOTHING_LEFT_OUT): SocketCounts {
    const more = sockstat === undefined ? undefined : leftOutCounts(sockstat, leftOut, this.#abandoned);
    const byState: Record<string, number> = {};
    let tcp = 0;
    this.#states.forEach((counted, state) => {
      const count = counted + (state === TCP_STATE.TIME_WAIT ? (more?.timeWait ?? 0) : 0);
      if (count === 0) return;
      // SYN_RECV and NEW_SYN_RECV have the same name.
      byState[stateName(state)] = (byState[stateName(state)] ?? 0) + count;
      tcp += count;
    });
    const udp = this.#udp + (more?.udp ?? 0);
    const raw = this.#raw + (more?.raw ?? 0);
    return { total: tcp + udp + raw, tcp, udp, raw, unix: this.#unix, byState };
  }

  /** The counts so far of the protocols that {@link counts} leaves out. */
  others(): Readonly<Record<OtherProto, number>> {
    return { ...this.#others };
  }

  #addState(state: number, count: number): void {
    this.#states[state] = (this.#states[state] ?? 0) + count;
  }
}

/** Counts the sockets that pass a test. @param test undefined to count all */
export function countSockets(sockets: SocketSource, test?: (socket: SocketView) => boolean): SocketCounter {
  const counter = new SocketCounter();
  sockets.each((socket) => {
    if (test === undefined || test(socket)) counter.add(socket);
  });
  return counter;
}

/**
 * Counts the sockets that pass a test, for each owner.
 *
 * @param ownerOf names the owner of a socket; a socket without one is counted under the empty text
 * @param test undefined to count all
 */
export function countByOwner(
  sockets: SocketSource,
  ownerOf: (socket: SocketView) => string | undefined,
  test?: (socket: SocketView) => boolean,
): Map<string, SocketCounter> {
  const counters = new Map<string, SocketCounter>();
  sockets.each((socket) => {
    if (test !== undefined && !test(socket)) return;
    const owner = ownerOf(socket) ?? '';
    let counter = counters.get(owner);
    if (counter === undefined) {
      counter = new SocketCounter();
      counters.set(owner, counter);
    }
    counter.add(socket);
  });
  return counters;
}

/** Sums up counts. */
export function sumOfCounts(all: Iterable<SocketCounts>): SocketCounts {
  const sum = { ...NO_SOCKETS };
  const byState: Record<string, number> = {};
  const others: Partial<Record<OtherProto, number>> = {};
  for (const counts of all) {
    sum.total += counts.total;
    sum.tcp += counts.tcp;
    sum.udp += counts.udp;
    sum.raw += counts.raw;
    sum.unix += counts.unix;
    for (const [state, count] of Object.entries(counts.byState)) byState[state] = (byState[state] ?? 0) + count;
    for (const proto of OTHER_PROTOS) {
      const count = counts.others?.[proto];
      if (count !== undefined) others[proto] = (others[proto] ?? 0) + count;
    }
  }
  return { ...sum, ...(Object.keys(others).length > 0 && { others }), byState };
}
