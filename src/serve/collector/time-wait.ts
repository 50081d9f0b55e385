import type { PeerCount } from '../../count/peer-counter.ts';
import type { Names } from '../../model/names.ts';
import { mayNameService } from '../../model/socket/endpoint.ts';
import type { TimeWaitPeer } from '../protocol/container.ts';

/** Peers that are listed. */
const MOST_PEERS = 50;

/** The peers whose connections left sockets in TIME_WAIT, those with most first. */
export function timeWaitPeers(peers: readonly PeerCount[], names: Names): TimeWaitPeer[] {
  const left = peers.flatMap(({ address, port, direction, byState: { TIME_WAIT: count = 0 } }) =>
    address === undefined || count === 0 ? [] : [{ address, port, direction, count }],
  );
  left.sort((a, b) => b.count - a.count || (a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port));
  return left.slice(0, MOST_PEERS).map((peer) => {
    const name = names.host(peer.address);
    const service = mayNameService(peer.port) ? names.service(peer.port, 'tcp') : undefined;
    return { ...peer, ...(name !== undefined && { name }), ...(service !== undefined && { service }) };
  });
}
