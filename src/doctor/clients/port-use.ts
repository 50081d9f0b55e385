import type { NetnsSeries } from '../../model/sample/series.ts';
import { isLoopback } from '../../model/socket/loopback.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { perDump } from '../snapshots/per-dump.ts';
import { clientsIn } from './clients.ts';
import { Triples } from './triples.ts';

/** The ports that the kernel chooses from for a connect() without a bind(). */
export interface PortRange {
  first: number;
  last: number;
  /** How many of them it may choose: the reserved ones are taken off. */
  size: number;
  has(port: number): boolean;
}

/** The kernel's default, net/ipv4/af_inet.c, inet_init_net. */
const DEFAULT = [32_768, 60_999] as const;

/** The range of a namespace by its sysctls; the kernel's default where they could not be read. */
export function portRangeOf(sysctls: Readonly<Record<string, string>>): PortRange {
  const [first = DEFAULT[0], last = DEFAULT[1]] = numbers(sysctls['net.ipv4.ip_local_port_range'], /\s+/);
  const reserved = new Set<number>();
  for (const part of (sysctls['net.ipv4.ip_local_reserved_ports'] ?? '').split(',')) {
    const [from, to = from] = numbers(part, /-/);
    if (from === undefined || to === undefined) continue;
    for (let port = Math.max(from, first); port <= Math.min(to, last); port++) reserved.add(port);
  }
  return {
    first,
    last,
    size: Math.max(1, last - first + 1 - reserved.size),
    has: (port) => port >= first && port <= last && !reserved.has(port),
  };
}

function numbers(text: string | undefined, separator: RegExp): number[] {
  return (text ?? '')
    .trim()
    .split(separator)
    .filter((part) => /^\d+$/.test(part))
    .map(Number);
}

/** The local ports that connections from one address to one endpoint have taken. */
export interface PortUse {
  source: string;
  peer: string;
  port: number;
  /** Distinct ports of the range, whatever the state of the connection. */
  used: number;
  /** Those among them that only TIME_WAIT entries hold. */
  waiting: number;
  /** One of the connections, one with a process where there is any. */
  member: StoredSocket;
}

/**
 * Ports in use for each triple of source, destination and its port: the kernel gives a port again as long as
 * these three differ.
 */
export const portUse = perDump((namespace, dump): readonly PortUse[] => {
  const clients = clientsIn(namespace, dump);
  // Settings are read when they are asked for, which costs in a thousand namespaces.
  if (clients.length === 0) return [];
  const range = portRangeOf(namespace.sysctls);
  const triples = new Triples<string, string, StoredSocket[]>();
  for (const socket of clients) {
    const { local, localPort, peer, peerPort } = socket;
    if (!range.has(localPort)) continue;
    triples.at(local?.plain ?? '*', peer?.plain ?? '*', peerPort, () => []).push(socket);
  }
  return triples.values().map((sockets) => {
    // Ports that only TIME_WAIT entries hold; several connections may share a port.
    const ports = new Set<number>();
    const taken = new Set<number>();
    for (const { localPort, state } of sockets) (state === TCP_STATE.TIME_WAIT ? ports : taken).add(localPort);
    let waiting = 0;
    for (const port of ports) if (!taken.has(port)) waiting++;
    const member = sockets.find(({ process }) => process !== undefined) ?? (sockets[0] as StoredSocket);
    return {
      source: member.local?.plain ?? '*',
      peer: member.peer?.plain ?? '*',
      port: member.peerPort,
      used: taken.size + waiting,
      waiting,
      member,
    };
  });
});

/**
 * Whether a new connection may take a port in TIME_WAIT to the same destination: such ports do not run out. With
 * `net.ipv4.tcp_tw_reuse` at 2, the default, on loopback only (net/ipv4/tcp_ipv4.c, tcp_twsk_unique).
 */
export function isReusable({ sysctls }: NetnsSeries, { source, peer }: Pick<PortUse, 'source' | 'peer'>): boolean {
  const reuse = sysctls['net.ipv4.tcp_tw_reuse']?.trim();
  return reuse === '1' || (reuse === '2' && (isLoopback(source) || isLoopback(peer)));
}

/** What `net.ipv4.tcp_tw_reuse=1` does for them. */
export const REUSE =
  'a new connection may reuse a port in TIME_WAIT after one second (2, the default, does so on loopback only)';
