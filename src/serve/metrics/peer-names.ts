import type { Names } from '../../model/names.ts';
import { isLoopback } from '../../model/socket/loopback.ts';
import type { LaneCount } from '../collector/lanes.ts';
import { type ExternalAddresses, truncated } from '../kept/external-addresses.ts';
import type { PeerConnections } from './sticky-peers.ts';

/** How peers are called in labels. */
export interface PeerNaming {
  /** Whether a peer without a name is called by its address, of which there may be very many; else `external`. */
  addresses: boolean;
  externalAddresses: ExternalAddresses;
}

/** The label of all peers without a series of their own. */
export const OTHER_PEERS = 'other';

/** Words with a meaning of their own. */
const RESERVED = new Set(['external', OTHER_PEERS]);

/** The TCP connections of a row by the names of its peers. @returns by a key that is the same at each tick */
export function connectionsByPeer(
  lanes: readonly LaneCount[],
  names: Names,
  naming: PeerNaming,
): ReadonlyMap<string, PeerConnections> {
  const peers = new Map<string, PeerConnections>();
  const add = (direction: PeerConnections['direction'], address: string, port: number | undefined, count: number) => {
    const peer = peerName(address, names, naming);
    const key = `${direction} ${port ?? ''} ${peer}`;
    const known = peers.get(key);
    if (known === undefined) peers.set(key, { direction, peer, port, count });
    else known.count += count;
  };
  for (const { proto, direction, address, port, count, clients } of lanes) {
    if (proto !== 'tcp') continue;
    if (direction === 'out') add('outbound', address ?? '', port, count);
    else for (const [client, connections] of clients) add('inbound', client, undefined, connections.count);
  }
  return peers;
}

function peerName(address: string, names: Names, { addresses, externalAddresses }: PeerNaming): string {
  const label = labelOfPeer(address, names.host(address));
  if (label !== undefined) return label;
  if (!addresses || address === '') return 'external';
  return externalAddresses === 'truncate' ? truncated(address) : address;
}

/** The label of a peer that has a name; undefined for one without. @param name of its address */
export function labelOfPeer(address: string, name: string | undefined): string | undefined {
  const called = name ?? (isLoopback(address) ? 'localhost' : undefined);
  return called !== undefined && RESERVED.has(called) ? `container:${called}` : called;
}
