import type { LaneKey } from '../../model/report/series-names.ts';
import { laneSeries, timeWaitSeries } from '../../model/report/series-names.ts';
import type { ContainerAnswer, PoolLane, TimeWaitPeer } from '../../serve/protocol/container.ts';
import { highestOf } from '../charts/derived.ts';
import type { Timeline } from '../charts/timeline.ts';

/** What is known of a container with the peers of the time shown, whether they are there now or not. */
export function withPast<Peers extends Pick<ContainerAnswer, 'lanes' | 'timeWait'>>(
  known: Peers,
  timeline: Timeline,
): Peers {
  return { ...known, lanes: lanesOver(known.lanes, timeline), timeWait: timeWaitOver(known.timeWait ?? [], timeline) };
}

/** The connections by peer of now, and those that only an earlier part of the time shown had: without a name. */
function lanesOver(lanes: readonly PoolLane[], timeline: Timeline): PoolLane[] {
  const known = new Set(lanes.map(laneSeries));
  const past = keysOf(timeline, 'peer.').filter((key) => !known.has(laneSeries(key)));
  return [
    ...lanes,
    ...past.map((key) => ({ ...key, id: laneSeries(key), proto: 'tcp', count: 0, peak: 0, byState: {} })),
  ];
}

/** The same of sockets in TIME_WAIT. */
function timeWaitOver(peers: readonly TimeWaitPeer[], timeline: Timeline): TimeWaitPeer[] {
  const known = new Set(peers.map(timeWaitSeries));
  const past = keysOf(timeline, 'timeWait.').filter((key) => !known.has(timeWaitSeries(key)));
  const all = [
    ...peers,
    ...past.flatMap(({ address, ...key }) => (address === undefined ? [] : { ...key, address, count: 0 })),
  ];
  // By all of the time shown: layers do not change places as numbers come and go.
  const highest = (peer: TimeWaitPeer) => highestOf(timeline.series.get(timeWaitSeries(peer)));
  return all.sort((a, b) => highest(b) - highest(a));
}

/** What the names of series mean that begin so: `peer.out 10.0.0.3:3306`. */
function keysOf({ series }: Timeline, prefix: string): LaneKey[] {
  return [...series.keys()].flatMap((name): LaneKey[] => {
    const [, direction, address, port] =
      /^(in|out) (.+):(\d+)$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : '') ?? [];
    if ((direction !== 'in' && direction !== 'out') || address === undefined) return [];
    return [{ direction, port: Number(port), ...(address !== '*' && { address }) }];
  });
}
