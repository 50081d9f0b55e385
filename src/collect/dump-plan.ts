import type { SocketQuery } from '../model/socket-query.ts';
import type { Proto } from '../model/socket-view.ts';
import { InetDiagCursor } from '../wire/inet-diag-cursor.ts';
import {
  AF,
  extensions,
  INET_DIAG,
  IPPROTO,
  inetDumpRequest,
  tcpBothFamiliesRequest,
} from '../wire/inet-diag-request.ts';
import type { MovableView } from '../wire/retained-dump.ts';
import { UDIAG_SHOW, UnixDiagCursor, unixDumpRequest } from '../wire/unix-diag.ts';

/** One request to the kernel and the view that reads its answers. */
export interface DumpStep {
  proto: Proto;
  /** For messages: `TCP dump`. */
  what: string;
  request: Uint8Array;
  cursor: MovableView;
  /** What to ask when the kernel refuses this request; undefined when there is nothing else. */
  instead?: () => DumpStep[];
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
  const ext = query.tcpInfo ? extensions(INET_DIAG.INFO, INET_DIAG.SKMEMINFO) : 0;
  if (proto === 'tcp' && query.inet && query.inet6) {
    return [
      {
        proto,
        what: 'TCP dump',
        request: tcpBothFamiliesRequest({ states: query.states, ext, sequence: 0 }),
        cursor: new InetDiagCursor(proto),
        // A kernel that has dropped the old request still knows the newer one.
        instead: () => [family(proto, query, AF.INET, ext), family(proto, query, AF.INET6, ext)],
      },
    ];
  }
  const steps: DumpStep[] = [];
  if (query.inet) steps.push(family(proto, query, AF.INET, ext));
  if (query.inet6) steps.push(family(proto, query, AF.INET6, ext));
  return steps;
}

function family(proto: Proto, query: SocketQuery, af: number, ext: number): DumpStep {
  const protocol = INET_PROTOCOL[proto] ?? IPPROTO.TCP;
  return {
    proto,
    what: `${proto.toUpperCase()} dump`,
    request: inetDumpRequest({ family: af, protocol, states: query.states, ext, sequence: 0 }),
    cursor: new InetDiagCursor(proto),
  };
}
