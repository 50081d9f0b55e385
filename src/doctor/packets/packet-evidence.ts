import type { Evidence } from '../../model/finding/finding.ts';
import type { PacketGroup } from '../../model/sample/packet-group.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import type { PacketEventKind } from '../../model/socket/packet-event.ts';
import { namespaceByAddress } from '../peers/namespace-by-address.ts';
import { endpointText } from '../scopes.ts';

/** Peers, senders and reasons that evidence names at most: those with most. */
const MOST_NAMED = 3;

/** The kernel's tracepoints that packet events come from. */
const SOURCES: Readonly<Record<PacketEventKind, string>> = {
  retransmitted: 'tcp_retransmit_skb',
  'reset-sent': 'tcp_send_reset',
  'reset-received': 'tcp_receive_reset',
  dropped: 'kfree_skb',
};

/**
 * The peers to which most was sent again; empty where packet events are not known.
 *
 * @param peer only this one; undefined for all
 */
export function retransmittedTo(
  { names }: Series,
  netns: NetnsSeries,
  peer?: { address: string; port: number },
): Evidence[] {
  const groups = packetsOf(netns, 'retransmitted').filter(
    ({ isRequest, peerAddress, peerPort }) =>
      !isRequest && (peer === undefined || (peerAddress === peer.address && peerPort === peer.port)),
  );
  const peers = summed(groups, ({ peerAddress, peerPort }) => endpoint(names, peerAddress, peerPort), 'segments');
  return named('retransmitted', 'segments', peers, (text) => `retransmitted to ${text}`);
}

/**
 * The resets with which an endpoint answered a namespace, by the kernel's reason where the endpoint is on this machine
 * and watched, else as they were received; empty where packet events are not known.
 */
export function resetsFrom(series: Series, netns: NetnsSeries, address: string, port: number): Evidence[] {
  const server = namespaceByAddress(series, netns, address);
  const sent =
    server === undefined
      ? []
      : packetsOf(server, 'reset-sent').filter(
          ({ localAddress, localPort, reason }) =>
            localAddress === address && localPort === port && reason !== undefined && reason !== UNSPECIFIED,
        );
  const reasons = summed(sent, ({ reason = '' }) => reason, 'count');
  const text = endpointText(series.names, { plain: address }, port);
  if (reasons.size > 0) return named('reset-sent', 'resets', reasons, (reason) => `resets by ${text}, ${reason}`);
  const received = packetsOf(netns, 'reset-received').filter(
    ({ peerAddress, peerPort }) => peerAddress === address && peerPort === port,
  );
  return named(
    'reset-received',
    'resets',
    summed(received, () => text, 'count'),
    () => `resets by ${text}`,
  );
}

/**
 * Who sent the datagrams for which a receive buffer was full, and to which address; empty where packet events are not
 * known.
 *
 * @param port of the receiver; undefined for all
 */
export function droppedSenders({ names }: Series, netns: NetnsSeries, port?: number): Evidence[] {
  const groups = packetsOf(netns, 'dropped').filter(
    ({ reason, localPort }) => reason === 'SOCKET_RCVBUFF' && (port === undefined || localPort === port),
  );
  const senders = summed(
    groups,
    (group) =>
      `from ${names.host(group.peerAddress) ?? group.peerAddress} to ${endpointText(names, { plain: group.localAddress }, group.localPort, 'udp')}`,
    'count',
  );
  return named('dropped', 'datagrams', senders, (text) => `dropped ${text}`);
}

/** A reason that says nothing. */
const UNSPECIFIED = 'NOT_SPECIFIED';

function packetsOf({ samples }: NetnsSeries, kind: PacketEventKind): PacketGroup[] {
  return samples.flatMap(({ packets }) => packets?.filter((group) => group.kind === kind) ?? []);
}

/** Without a port the clients of a server: their ports differ. */
function endpoint(names: Series['names'], address: string, port: number): string {
  return port === 0 ? (names.host(address) ?? address) : endpointText(names, { plain: address }, port);
}

function summed(
  groups: readonly PacketGroup[],
  keyOf: (group: PacketGroup) => string,
  amount: 'count' | 'segments',
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const group of groups) {
    const key = keyOf(group);
    sums.set(key, (sums.get(key) ?? 0) + group[amount]);
  }
  return sums;
}

/** The largest amounts, one a line. */
function named(
  kind: PacketEventKind,
  unit: string,
  amounts: ReadonlyMap<string, number>,
  what: (key: string) => string,
): Evidence[] {
  return [...amounts]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MOST_NAMED)
    .map(([key, value]) => ({ what: what(key), value, unit, source: SOURCES[kind] }));
}
