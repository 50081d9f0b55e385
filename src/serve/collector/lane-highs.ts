import { formatEndpoint } from '../../base/endpoint-text.ts';
import type { PoolPeak } from '../../model/sample/sample.ts';
import { plainAddress } from '../../model/socket/endpoint.ts';
import type { LaneCount } from './lanes.ts';

/** How many connections of a lane were established or on the way to it at most since the tick before, where it has fewer now. */
export interface LaneHigh {
  /** As {@link LaneCount.id}. */
  id: string;
  address: string;
  port: number;
  high: number;
}

/**
 * How high pools of one row were, the highest first, where events of connections tell of more than the lanes have now: one
 * may have none. Of several processes with connections to one peer it is that of the one with most.
 *
 * @param isOwn whether the row has the sockets of a process; undefined for what no process is known of
 */
export function laneHighs(
  lanes: readonly Pick<LaneCount, 'id' | 'address' | 'port' | 'count' | 'direction'>[],
  peaks: readonly PoolPeak[],
  isOwn: (pid: number | undefined) => boolean,
): LaneHigh[] {
  const byPeer = new Map<string, number>();
  for (const { peer, process, count } of peaks) {
    if (count <= (byPeer.get(peer) ?? 0)) continue;
    if (isOwn(process === undefined ? undefined : Number.parseInt(process, 10))) byPeer.set(peer, count);
  }
  const highs: LaneHigh[] = [];
  for (const { id, direction, address, port, count } of byPeer.size === 0 ? [] : lanes) {
    if (direction === 'in' || address === undefined) continue;
    const peer = formatEndpoint(plainAddress(address), port);
    const high = byPeer.get(peer) ?? 0;
    byPeer.delete(peer);
    if (high > count) highs.push({ id, address, port, high });
  }
  for (const [peer, high] of byPeer) {
    const end = endOf(peer);
    if (end !== undefined) highs.push({ id: `out tcp ${end.address}:${end.port}`, ...end, high });
  }
  return highs.sort((a, b) => b.high - a.high);
}

/** Of `10.0.0.3:3306`, or `[fd00::3]:3306`; undefined for a client of a listener, which has no port. */
export function endOf(peer: PoolPeak['peer']): { address: string; port: number } | undefined {
  const [, inet6, inet, port] = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(peer) ?? [];
  const address = inet6 ?? inet;
  return address === undefined ? undefined : { address, port: Number(port) };
}
