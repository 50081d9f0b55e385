import { ownSocketInodes } from '../../kernel/own-sockets.ts';
import type { Sockstat } from '../../model/netns/counters.ts';
import type { SocketIdentity } from '../../model/socket/socket-identity.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { InetProto, Proto, SocketView } from '../../model/socket/socket-view.ts';
import { InetDiagCursor } from '../../netlink/inet-diag-cursor.ts';
import {
  AF,
  type DumpSelection,
  extensions,
  INET_DIAG,
  IPPROTO,
  inetDumpRequest,
  oneSocketRequest,
  tcpBothFamiliesRequest,
} from '../../netlink/inet-diag-request.ts';
import { NetlinkDiagCursor, netlinkDumpRequest } from '../../netlink/netlink-diag.ts';
import { PacketDiagCursor, packetDumpRequest } from '../../netlink/packet-diag.ts';
import type { MovableView } from '../../netlink/retained-dump.ts';
import { UDIAG_SHOW, UnixDiagCursor, unixDumpRequest } from '../../netlink/unix-diag.ts';
import { VsockDiagCursor, vsockDumpRequest } from '../../netlink/vsock-diag.ts';

/** A request to the kernel and the view over its answer. */
export interface DumpStep {
  proto: Proto;
  /** Name for messages: `TCP dump`. */
  what: string;
  request: Uint8Array;
  cursor: MovableView;
  /** The requests to send when the kernel refuses this one; absent when there are none. */
  instead?: () => DumpStep[];
  /** True when `instead` replaces the steps after this one as well. */
  insteadOfAll?: boolean;
  /** Note for the coverage when this request is answered; absent for none. */
  note?: string;
  /**
   * Makes a test for one pass over the answer: whether a socket was asked for, where the request cannot say so. Absent
   * where it can.
   */
  selection?: () => (socket: SocketView) => boolean;
}

/** The internet protocols that inet_diag has. */
type DumpedProto = Exclude<InetProto, 'icmp'>;

const INET_PROTOCOL: Record<DumpedProto, number> = {
  tcp: IPPROTO.TCP,
  udp: IPPROTO.UDP,
  udplite: IPPROTO.UDPLITE,
  raw: IPPROTO.RAW,
  sctp: IPPROTO.SCTP,
  mptcp: IPPROTO.MPTCP,
};

/** The requests for one protocol of a query; none for ICMP, for which no kernel has a handler. */
export function dumpSteps(proto: Proto, query: SocketQuery): DumpStep[] {
  const { states } = query;
  const isIn = (state: number) => (states & (1 << state)) !== 0;
  switch (proto) {
    case 'unix': {
      const show = UDIAG_SHOW.NAME | UDIAG_SHOW.PEER | UDIAG_SHOW.RQLEN | UDIAG_SHOW.UID;
      const request = unixDumpRequest({ states, show, sequence: 0 });
      return [{ proto, what: 'UNIX dump', request, cursor: new UnixDiagCursor() }];
    }
    case 'packet': {
      const request = packetDumpRequest({ sequence: 0 });
      const selection = () => (socket: SocketView) => isIn(socket.state);
      return [{ proto, what: 'packet dump', request, cursor: new PacketDiagCursor(), selection }];
    }
    case 'netlink': {
      const request = netlinkDumpRequest({ sequence: 0 });
      // The sockets by which socklens asks and listens are none of the target.
      const own = ownSocketInodes();
      // A socket that is in a multicast group is in the answer twice (net/netlink/diag.c, __netlink_diag_dump).
      const selection = () => {
        const seen = new Set(own);
        return ({ state, inode }: SocketView) => {
          if (seen.has(inode)) return false;
          seen.add(inode);
          return isIn(state);
        };
      };
      return [{ proto, what: 'netlink dump', request, cursor: new NetlinkDiagCursor(), selection }];
    }
    case 'vsock': {
      const request = vsockDumpRequest({ states, sequence: 0 });
      return [{ proto, what: 'vsock dump', request, cursor: new VsockDiagCursor() }];
    }
    case 'icmp':
      return [];
    default:
      return inetSteps(proto, query, query.filter?.programs ?? []);
  }
}

/**
 * The requests for internet sockets.
 *
 * @param programs filter programs to try, the most selective first
 */
function inetSteps(proto: DumpedProto, query: SocketQuery, programs: readonly Uint8Array[]): DumpStep[] {
  const [bytecode, ...others] = programs;
  const refused = bytecode === undefined && (query.filter?.programs.length ?? 0) > 0;
  const families = () => {
    const steps: DumpStep[] = [];
    if (query.inet) steps.push(step(familyRequest(proto, query, AF.INET, bytecode)));
    if (query.inet6) steps.push(step(familyRequest(proto, query, AF.INET6, bytecode)));
    return steps;
  };
  const step = (request: Uint8Array): DumpStep => ({
    proto,
    what: `${proto.toUpperCase()} dump`,
    request,
    cursor: new InetDiagCursor(proto),
    ...(refused && { note: `${proto}: the kernel refused the filter program; socklens filtered the sockets itself` }),
  });
  // The kernel refuses a program with an unknown instruction before it sends any row.
  const withOthers = () => inetSteps(proto, query, others);
  if (proto === 'tcp' && query.inet && query.inet6) {
    const both = step(tcpBothFamiliesRequest({ ...selection(query), bytecode }));
    // A kernel without the old request has the newer one.
    return [{ ...both, instead: bytecode === undefined ? families : withOthers }];
  }
  const [first, ...more] = families();
  if (first === undefined || bytecode === undefined) return families();
  // A refusal of the first family's request applies to the second one's too: the program is the same.
  return [{ ...first, instead: withOthers, insteadOfAll: true }, ...more];
}

function familyRequest(
  proto: DumpedProto,
  query: SocketQuery,
  family: number,
  bytecode: Uint8Array | undefined,
): Uint8Array {
  const protocol = INET_PROTOCOL[proto];
  return inetDumpRequest({ ...selection(query), family, protocol, bytecode });
}

/** The requests for single TCP sockets, as much of each as a query asks for, and the view over the answers. */
export function askedSockets(identities: readonly SocketIdentity[], query: SocketQuery) {
  const ext = extensionsOf(query);
  return {
    what: 'TCP sockets',
    requests: identities.map((identity) => oneSocketRequest(identity, ext)),
    cursor: new InetDiagCursor('tcp'),
  };
}

function extensionsOf({ tcpInfo }: SocketQuery): number {
  return tcpInfo ? extensions(INET_DIAG.INFO, INET_DIAG.SKMEMINFO) : 0;
}

function selection(query: SocketQuery): DumpSelection {
  const { states, filter } = query;
  const ext = extensionsOf(query);
  return { states, ext, sequence: 0, localPort: filter?.localPort, peerPort: filter?.peerPort };
}

/**
 * The query without the protocols that have no socket in the namespace, by the counters of `/proc/net/sockstat`
 * read just before. A dump is expensive even when it is empty: the kernel walks the whole host's table of the
 * protocol. The counters cover what a dump covers (net/core/sock.c, sock_prot_inuse_get), except that TCP's leave
 * out TIME_WAIT and half-open connections and that UNIX has none: those two stay in the query.
 *
 * @param sockstat undefined leaves the query as it is
 * @param mptcp number of MPTCP sockets, which `sockstat` does not have; undefined leaves them in the query
 */
export function presentProtos(query: SocketQuery, sockstat: Sockstat | undefined, mptcp?: number): SocketQuery {
  if (sockstat === undefined) return query;
  const { udp, udp6, udplite, udplite6, raw, raw6 } = sockstat;
  const counted: Partial<Record<Proto, number | undefined>> = {
    udp: udp + udp6,
    udplite: udplite + udplite6,
    raw: raw + raw6,
    mptcp,
  };
  return { ...query, protos: query.protos.filter((proto) => counted[proto] !== 0) };
}

/** The lines of `/proc/net/protocols` that count the sockets of a protocol, of all kernels. */
const COUNTED_AS: Partial<Record<Proto, readonly string[]>> = {
  unix: ['UNIX', 'UNIX-STREAM'],
  icmp: ['PING', 'PINGv6'],
  packet: ['PACKET'],
  netlink: ['NETLINK'],
};

/**
 * The protocols of a query that have no socket in the namespace but the kernel's own, by the counters of
 * `/proc/net/protocols` read just before: UNIX and those that only `ps --all` counts.
 *
 * @param counts see `parseNetProtocols`; empty where the file cannot be read
 */
export function absentProtos({ protos }: SocketQuery, counts: ReadonlyMap<string, number>): Proto[] {
  return protos.filter((proto) => {
    const lines = COUNTED_AS[proto]?.filter((line) => counts.has(line)) ?? [];
    return lines.length > 0 && lines.every((line) => counts.get(line) === 0);
  });
}
