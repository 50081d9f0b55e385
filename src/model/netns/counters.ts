/**
 * Counters of a network namespace under the names that nstat(8) gives them: `TcpActiveOpens`,
 * `TcpExtListenOverflows`, `UdpRcvbufErrors`. They only rise; a judgement is always about a difference.
 * One that the running kernel does not have is absent.
 */
export type NetCounters = Readonly<Record<string, number>>;

/** TCP connections opened since the namespace was made, from both sides; undefined where they were not read. */
export function connectionsOpened(counters: NetCounters | undefined): number | undefined {
  const active = counters?.TcpActiveOpens;
  const passive = counters?.TcpPassiveOpens;
  return active === undefined || passive === undefined ? undefined : active + passive;
}

/** Sockets in use in a namespace, by the names of `/proc/PID/net/sockstat` and `sockstat6`. */
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

/** The counters of {@link NetCounters} that are read; the files hold some three hundred. */
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
