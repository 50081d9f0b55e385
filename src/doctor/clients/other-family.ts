import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { namespaceByAddress } from '../peers/namespace-by-address.ts';
import { dumpsOf, tcpIn } from '../snapshots/snapshots.ts';

/** An address of the other family with the same port. */
export interface OtherFamily {
  family: 'IPv4' | 'IPv6';
  address: string;
}

const REACHED = [TCP_STATE.ESTABLISHED, TCP_STATE.TIME_WAIT, TCP_STATE.FIN_WAIT2, TCP_STATE.CLOSE_WAIT];

/** Ports that addresses of unrelated hosts have in common. */
const OF_EVERYBODY = [53, 80, 443];

/**
 * Where the clients of a namespace reach the same service over the other address family: a name with two addresses, of
 * which one does not answer. Undefined where they do not, and where nothing tells that it is the same.
 */
export function otherFamilyReached(
  series: Series,
  netns: NetnsSeries,
  { peer, port }: { peer: string; port: number },
): OtherFamily | undefined {
  const home = namespaceByAddress(series, netns, peer);
  const name = series.names.host(peer);
  const found = reachedOn(netns, port).find((plain) => {
    if (isIpv6(plain) === isIpv6(peer)) return false;
    const otherHome = namespaceByAddress(series, netns, plain);
    if (home !== undefined || otherHome !== undefined) return home === otherHome;
    const otherName = series.names.host(plain);
    return name !== undefined && otherName !== undefined ? name === otherName : !OF_EVERYBODY.includes(port);
  });
  return found === undefined ? undefined : { family: isIpv6(found) ? 'IPv6' : 'IPv4', address: found };
}

/** Addresses to which a connection on this port was made. */
function reachedOn(netns: NetnsSeries, port: number): string[] {
  const open = dumpsOf(netns).flatMap((dump) =>
    REACHED.flatMap((state) => tcpIn(dump, state)).flatMap(({ peer, peerPort }) =>
      peerPort === port && peer !== undefined ? [peer.plain] : [],
    ),
  );
  const closed = netns.samples.flatMap((sample) =>
    (sample.closed ?? [])
      .filter(({ proto, outcome, peerPort }) => proto === 'tcp' && outcome === 'closed' && peerPort === port)
      .map(({ peerAddress }) => peerAddress),
  );
  return [...new Set([...open, ...closed])];
}

function isIpv6(plain: string): boolean {
  return plain.includes(':');
}
