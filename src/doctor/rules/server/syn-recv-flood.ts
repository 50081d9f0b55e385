import type { Evidence } from '../../../model/finding/finding.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { backlogFix } from '../../listeners/backlog-fixes.ts';
import { cameThrough, isFull, type Listener, tcpListeners } from '../../listeners/listeners.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { establishedTuples, otherEndOf } from '../../snapshots/same-socket.ts';
import { type Dump, dumpsOf, numberOf, riseOf } from '../../snapshots/snapshots.ts';

const settings = {
  warning: { default: 0.75, unit: 'share', text: "of a listener's backlog that half-open connections fill" },
  suspect: {
    default: 0.5,
    unit: 'share',
    text: 'of its backlog, from which a listener may be the one that sent cookies',
  },
  waited: {
    default: 0.5,
    unit: 'share',
    text: 'of them whose SYN-ACK was retransmitted (the others may just be slow)',
  },
  real: { default: 0.5, unit: 'share', text: 'of them whose client is established (then it is no flood)' },
} as const;

type Values = SettingValues<typeof settings>;

/** A listener's half-open connections in the snapshot that had most of them. */
interface HalfOpen {
  listener: Listener;
  limit: number;
  entries: readonly StoredSocket[];
}

/** Attempts to connect that never complete fill a listener's queue. */
export const synRecvFlood = rule({
  name: 'SYN_RECV_FLOOD',
  title: 'Half-open connections that crowd out real ones',
  settings,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  const cookies = cookiesSent(netns);
  const dumps = dumpsOf(netns);
  const byDump = new Map(dumps.map((dump) => [dump, dump.sockets.filter(isHalfOpen)]));
  const halfOpen = tcpListeners(dumps).flatMap((listener) => mostHalfOpen(listener, byDump));
  const findings: Fault[] = [];
  let established: ReadonlySet<string> | undefined;
  let explained = false;
  for (const found of halfOpen) {
    const { entries, limit } = found;
    const suspect = cookies > 0 && entries.length > limit * values.suspect;
    const waited = waitedOf(entries);
    const filled = entries.length >= limit * values.warning && waited >= entries.length * values.waited;
    if (!suspect && !filled) continue;
    established ??= establishedTuples(series.namespaces);
    const real = entries.filter((entry) => established?.has(otherEndOf(entry))).length;
    explained ||= suspect;
    findings.push(ofListener(series, netns, found, { cookies: suspect ? cookies : 0, waited, real }, values));
  }
  if (cookies > 0 && !explained) findings.push(ofNobody(cookies));
  return findings;
}

/** With tcp_syncookies=2 every connection gets a cookie: the counter says nothing then, and is taken as 0. */
function cookiesSent(netns: NetnsSeries): number {
  const rise = riseOf(netns, 'TcpExtSyncookiesSent')?.rise ?? 0;
  return rise > 0 && numberOf(netns, 'net.ipv4.tcp_syncookies') === 2 ? 0 : rise;
}

/**
 * Nothing for a listener whose accept queue is full: then the kernel ignores the last packet of the
 * handshake, and what stays half-open are real clients that LISTEN_OVERFLOW is about.
 */
function mostHalfOpen(listener: Listener, byDump: ReadonlyMap<Dump, readonly StoredSocket[]>): HalfOpen[] {
  const { snapshots, socket } = listener;
  let most: HalfOpen | undefined;
  for (const { dump, limit } of snapshots) {
    const entries = (byDump.get(dump) ?? []).filter((other) => cameThrough(other, socket));
    // Of equal snapshots the later one: it shows which of the entries got a second SYN-ACK.
    if (limit === undefined || entries.length === 0 || weightOf(entries) < weightOf(most?.entries ?? [])) continue;
    most = { listener, limit, entries };
  }
  return most === undefined || snapshots.some(isFull) ? [] : [most];
}

function weightOf(entries: readonly StoredSocket[]): number {
  return entries.length + waitedOf(entries);
}

/** Those whose SYN-ACK was sent again. */
function waitedOf(entries: readonly StoredSocket[]): number {
  return entries.filter(({ retransmits = 0 }) => retransmits > 0).length;
}

function isHalfOpen({ state }: StoredSocket): boolean {
  return state === TCP_STATE.SYN_RECV || state === TCP_STATE.NEW_SYN_RECV;
}

function ofListener(
  series: Series,
  netns: NetnsSeries,
  { listener, limit, entries }: HalfOpen,
  { cookies, waited, real }: { cookies: number; waited: number; real: number },
  values: Values,
): Fault {
  const { socket } = listener;
  const port = socket.localPort;
  // Their clients believe that they are connected: the last packet of the handshake is lost on its way here.
  const lostOnTheWay = real >= entries.length * values.real;
  const sent = cookies > 0 ? `, and ${cookies} SYN cookies were sent` : '';
  const dropped = riseOf(netns, 'TcpExtTCPReqQFullDrop')?.rise ?? 0;
  return {
    severity: lostOnTheWay ? 'info' : cookies > 0 ? 'critical' : 'warning',
    confidence: lostOnTheWay || cookies > 0 ? 'high' : 'medium',
    holder: socket,
    summary: lostOnTheWay
      ? `${entries.length} connections to port ${port} stay half-open although ${real} of their clients are established: acknowledgements are lost on the way here`
      : `${entries.length} half-open connections fill the backlog of port ${port} (limit ${limit})${sent}`,
    evidence: [
      { what: `half-open connections of port ${port}`, value: entries.length, source: 'sock_diag, SYN_RECV' },
      { what: 'of them with a retransmitted SYN-ACK', value: waited, source: 'sock_diag, timer' },
      { what: 'of them with an established client', value: real, source: 'sock_diag' },
      { what: 'listen backlog', value: limit, source: 'sock_diag, send queue of the listener' },
      ...(cookies > 0 ? [cookieEvidence(cookies)] : []),
      ...(dropped > 0
        ? [{ what: 'SYNs dropped at the full backlog', value: dropped, source: 'TcpExtTCPReqQFullDrop' }]
        : []),
    ],
    fixes: lostOnTheWay
      ? [
          {
            where: 'the network',
            text: 'find what drops packets of the client after the first: a firewall, or an asymmetric route',
          },
        ]
      : [FILTER, backlogFix(series, socket)],
    byHand: (target) => `socklens ls ${target} 'state syn-recv and sport = ${port}'`,
    about: `port ${port}`,
  };
}

/** The cookies are certain; the listener whose backlog was full between two snapshots is not. */
function ofNobody(cookies: number): Fault {
  return {
    severity: 'critical',
    confidence: 'medium',
    summary: `${cookies} SYN cookies were sent, because half-open connections filled the backlog of a listener`,
    evidence: [cookieEvidence(cookies)],
    fixes: [
      FILTER,
      { where: 'the application', text: 'ask for a longer backlog: it limits half-open connections too' },
    ],
    byHand: (target) => `socklens ls ${target} 'state syn-recv' --by local-port`,
  };
}

const FILTER = {
  where: 'the network',
  text: 'find out whose addresses they are, and filter or rate-limit them before the host; behind a load balancer let it complete the handshakes',
};

function cookieEvidence(value: number): Evidence {
  return { what: 'SYN cookies sent (such connections lose TCP options)', value, source: 'TcpExtSyncookiesSent' };
}
