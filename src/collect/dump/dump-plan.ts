import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { Proto } from '../../model/socket/socket-view.ts';
import { InetDiagCursor } from '../../netlink/inet-diag-cursor.ts';
import {
  AF,
  type DumpSelection,
  extensions,
  INET_DIAG,
  IPPROTO,
  inetDumpRequest,
  tcpBothFamiliesRequest,
} from '../../netlink/inet-diag-request.ts';
import type { MovableView } from '../../netlink/retained-dump.ts';
import { UDIAG_SHOW, UnixDiagCursor, unixDumpRequest } from '../../netlink/unix-diag.ts';

/** One request to the kernel and the view that reads its answers. */
export interface DumpStep {
  proto: Proto;
  /** For messages: `TCP dump`. */
  what: string;
  request: Uint8Array;
  cursor: MovableView;
  /** What to ask when the kernel refuses this request; undefined when there is nothing else. */
  instead?: () => DumpStep[];
  /** Whether what is asked instead also stands for the steps behind this one. */
  insteadOfAll?: boolean;
  /** What to tell about the answer of this request; undefined for nothing. */
  note?: string;
}

const INET_PROTOCOL: Partial<Record<Proto, number>> = {
  tcp: IPPROTO.TCP,
  udp: IPPROTO.UDP,
  udplite: IPPROTO.UDPLITE,
  raw: IPPROTO.RAW,
  sctp: IPPROTO.SCTP,
  mptcp: IPPROTO.MPTCP,
};

/** The requests for one protocol of a query. */
export function dumpSteps(proto: Proto, query: SocketQuery): DumpStep[] {
  if (proto === 'unix') {
    const show = UDIAG_SHOW.NAME | UDIAG_SHOW.PEER | UDIAG_SHOW.RQLEN | UDIAG_SHOW.UID;
    return [
      {
        proto,
        what: 'UNIX dump',
        request: unixDumpRequest({ states: query.states, show, sequence: 0 }),
        cursor: new UnixDiagCursor(),
      },
    ];
  }
  return inetSteps(proto, query, query.filter?.programs ?? []);
}

/**
 * The requests for internet sockets.
 *
 * @param programs filter programs to try, the best first
 */
function inetSteps(proto: Proto, query: SocketQuery, programs: readonly Uint8Array[]): DumpStep[] {
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
    ...(refused && { note: `${proto}: the kernel refused the filter program, every socket was read and tested here` }),
  });
  // A program with an instruction that this kernel does not have is refused before any answer.
  const withOthers = () => inetSteps(proto, query, others);
  if (proto === 'tcp' && query.inet && query.inet6) {
    const both = step(tcpBothFamiliesRequest({ ...selection(query), bytecode }));
    // A kernel that has dropped the old request still knows the newer one.
    return [{ ...both, instead: bytecode === undefined ? families : withOthers }];
  }
  const [first, ...more] = families();
  if (first === undefined || bytecode === undefined) return families();
  // The first one's refusal decides for both families.
  return [{ ...first, instead: withOthers, insteadOfAll: true }, ...more];
}

function familyRequest(proto: Proto, query: SocketQuery, family: number, bytecode: Uint8Array | undefined): Uint8Array {
  const protocol = INET_PROTOCOL[proto] ?? IPPROTO.TCP;
  return inetDumpRequest({ ...selection(query), family, protocol, bytecode });
}

function selection({ states, tcpInfo, filter }: SocketQuery): DumpSelection {
  const ext = tcpInfo ? extensions(INET_DIAG.INFO, INET_DIAG.SKMEMINFO) : 0;
  return { states, ext, sequence: 0, localPort: filter?.localPort, peerPort: filter?.peerPort };
}
