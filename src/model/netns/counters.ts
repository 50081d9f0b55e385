/**
 * Counters of a network namespace under the names that nstat(8) gives them: `TcpActiveOpens`,
 * `TcpExtListenOverflows`, `UdpRcvbufErrors`. They count from the creation of the namespace, so that only a
 * difference over time is meaningful. A counter that the running kernel does not have is absent.
 */
export type NetCounters = Readonly<Record<string, number>>;

/** TCP connections opened since the namespace was created, outgoing and incoming; undefined where the counters were not read. */
export function connectionsOpened(counters: NetCounters | undefined): number | undefined {
  const active = counters?.TcpActiveOpens;
  const passive = counters?.TcpPassiveOpens;
  return active === undefined || passive === undefined ? undefined : active + passive;
}

/** Number of sockets in use in a network namespace, from `/proc/PID/net/sockstat` and `sockstat6`. */
export interface Sockstat {
  /** TCP sockets in use over IPv4, listening ones included, TIME_WAIT excluded. */
  tcp: number;
  tcp6: number;
  /** Connections in TIME_WAIT, both families. */
  timeWait: number;
  udp: number;
  udp6: number;
  udplite: number;
  udplite6: number;
  raw: number;
  raw6: number;
}

/** The counters that are read; the kernel's files have about three hundred. */
export const WATCHED_COUNTERS: ReadonlySet<string> = new Set([
  ...['ActiveOpens', 'PassiveOpens', 'AttemptFails', 'EstabResets', 'CurrEstab', 'InSegs', 'OutSegs'].map(tcp),
  ...['RetransSegs', 'InErrs', 'OutRsts'].map(tcp),
  ...['InDatagrams', 'OutDatagrams', 'NoPorts', 'InErrors', 'RcvbufErrors', 'SndbufErrors', 'InCsumErrors'].map(udp),
  'UdpMemErrors',
  ...['ListenOverflows', 'ListenDrops', 'TCPReqQFullDrop', 'TCPReqQFullDoCookies', 'SyncookiesSent'].map(ext),
  ...['SyncookiesRecv', 'SyncookiesFailed', 'TW', 'TCPTimeWaitOverflow', 'TCPTimeouts', 'TCPSynRetrans'].map(ext),
  ...['TCPLostRetransmit', 'TCPRetransFail', 'TCPSpuriousRTOs', 'TCPAbortOnData', 'TCPAbortOnClose'].map(ext),
  ...['TCPAbortOnMemory', 'TCPAbortOnTimeout', 'TCPAbortOnLinger', 'TCPBacklogDrop', 'PruneCalled'].map(ext),
  ...['RcvPruned', 'TCPRcvQDrop', 'TCPMemoryPressures', 'TCPToZeroWindowAdv', 'TCPWantZeroWindowAdv'].map(ext),
  ...['TCPFromZeroWindowAdv', 'TCPWinProbe', 'TCPKeepAlive', 'TCPDeferAcceptDrop', 'PAWSEstab'].map(ext),
  'TcpExtTCPDSACKRecv',
]);

function tcp(name: string): string {
  return `Tcp${name}`;
}

function udp(name: string): string {
  return `Udp${name}`;
}

function ext(name: string): string {
  return `TcpExt${name}`;
}
