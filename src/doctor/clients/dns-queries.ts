import { perObject } from '../../base/memo.ts';
import type { ClosedGroup } from '../../model/sample/closed-group.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import { isLoopback } from '../../model/socket/loopback.ts';
import { isEmbeddedDns } from '../listeners/listeners.ts';
import { localAddresses } from '../peers/namespace-by-address.ts';
import { sameIn } from '../snapshots/same-socket.ts';
import { dumpsOf, ofProto, riseOf } from '../snapshots/snapshots.ts';
import { type ClosedAt, sumOf } from './closed-connections.ts';

/** Port of the Domain Name System. */
export const DNS = 53;

/** DNS queries of a namespace during the series. */
export interface DnsQueries {
  /** Closed sockets to port 53, without a resolver's own. */
  closed: readonly ClosedAt[];
  /** Queries: datagrams where all of them are known to be queries, else {@link sockets}. */
  count: number;
  /** How many sockets were closed: a lower bound, since one carries a query for each type, name and server. */
  sockets: number;
  /** Whether {@link count} is of datagrams; without {@link sockets} nothing but their number and their answers says that they are queries. */
  byDatagrams: boolean;
  /** UDP datagrams that the namespace sent and received, whatever they were; undefined where the counter was not read twice. */
  sent: number | undefined;
  received: number | undefined;
}

/** Counts the DNS queries of a namespace. */
export const dnsQueriesOf = perObject((netns: NetnsSeries): DnsQueries => {
  const resolvers = resolversOf(netns);
  const closedUdp = netns.samples
    .slice(1)
    .flatMap(({ atMs, closed }) => (closed ?? []).filter(isUdp).map((group) => ({ atMs, group })));
  const closed = closedUdp.filter(({ group }) => group.peerPort === DNS && !isResolvers(group, resolvers, netns));
  const sockets = sumOf(closed, ({ count }) => count);
  const sent = riseOf(netns, 'UdpOutDatagrams')?.rise;
  const received = riseOf(netns, 'UdpInDatagrams')?.rise;
  const datagrams = resolvers.size > 0 ? undefined : queriesAmong(netns, { sent, received, closedUdp });
  const byDatagrams = datagrams !== undefined && datagrams > sockets;
  return { closed, sockets, count: byDatagrams ? datagrams : sockets, byDatagrams, sent, received };
});

function isUdp({ proto }: ClosedGroup): boolean {
  return proto === 'udp';
}

/** Of the datagrams sent from sockets whose peer is not known, answered: then they are queries. */
const ANSWERED = 0.8;

/**
 * The queries among the datagrams sent, where nothing else can have sent any: every UDP socket with a peer talks to
 * port 53, and one without a peer is there for a moment only (musl's resolver does not connect). Undefined where
 * others may send, or nothing was seen to ask.
 */
function queriesAmong(
  netns: NetnsSeries,
  { sent, received = 0, closedUdp }: Pick<DnsQueries, 'sent' | 'received'> & { closedUdp: readonly ClosedAt[] },
): number | undefined {
  if (sent === undefined) return undefined;
  const dumps = dumpsOf(netns);
  let connected = 0;
  let unconnected = 0;
  let embedded = false;
  for (const [index, dump] of dumps.entries()) {
    for (const socket of ofProto(dump, 'udp')) {
      if (socket.peerPort === DNS) connected++;
      else if (isEmbeddedDns(socket)) embedded = true;
      else if (socket.peerPort !== 0 || isKept(dumps[index - 1], socket) || isKept(dumps[index + 1], socket))
        return undefined;
    }
  }
  for (const { group } of closedUdp) {
    if (group.peerPort !== DNS && group.peerPort !== 0) return undefined;
    if (group.peerPort === DNS) connected += group.count;
    else unconnected += group.count;
  }
  if (connected + unconnected === 0) return undefined;
  // Metrics and logs are sent like that as well, but never answered.
  if (unconnected > 0 && received < sent * ANSWERED) return undefined;
  // Docker's DNS server sends in the same namespace: to the server that it asks, and the answer to the container.
  return embedded ? Math.floor(sent / 3) : sent;
}

function isKept(dump: Parameters<typeof sameIn>[0] | undefined, socket: Parameters<typeof sameIn>[1]): boolean {
  return dump !== undefined && sameIn(dump, socket) !== undefined;
}

/** The processes bound to port 53 in the namespace; `unknown` for a socket without a known process. */
export function resolversOf(netns: NetnsSeries): ReadonlySet<number | 'unknown'> {
  const pids = new Set<number | 'unknown'>();
  for (const dump of dumpsOf(netns)) {
    for (const { localPort, peerPort, holders } of ofProto(dump, 'udp')) {
      if (localPort !== DNS || peerPort !== 0) continue;
      if (holders.length === 0) pids.add('unknown');
      for (const { pid } of holders) pids.add(pid);
    }
  }
  return pids;
}

/** A query sent by a resolver of the namespace: by its process, or by an unknown process to a resolver elsewhere. */
function isResolvers(
  { process, peerAddress }: ClosedGroup,
  resolvers: ReadonlySet<number | 'unknown'>,
  netns: NetnsSeries,
) {
  if (resolvers.size === 0) return false;
  if (process !== undefined) return resolvers.has(process.pid);
  return !isLoopback(peerAddress) && !localAddresses(netns).has(peerAddress);
}
