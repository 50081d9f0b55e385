import { SERIES, timeWaitSeries } from '../../model/report/series-names.ts';
import type { ContainerAnswer, TimeWaitPeer } from '../../serve/protocol/container.ts';
import { highestOf, isKnown } from '../charts/derived.ts';
import type { StripSpec } from '../charts/strip-spec.ts';
import type { Timeline, Values } from '../charts/timeline.ts';
import { shown } from '../text/shown.ts';

/** Peers that are layers of their own. */
const MOST_PEERS = 3;

/** The series of those that no peer of {@link timeWaitStrip} has, and of those of all peers where no peer is known. */
const OTHERS = 'timeWait.others';
const UNDIVIDED = 'timeWait.undivided';

/** TIME_WAIT by peer: each costs a local port towards that peer. What is stored has the number of all, and those of peers where a page showed the container. */
export function timeWaitStrip(
  { timeWait: peers, localPorts }: Pick<ContainerAnswer, 'timeWait' | 'localPorts'>,
  timeline: Timeline,
): StripSpec {
  const shownPeers = (peers ?? []).slice(0, MOST_PEERS).filter((peer) => isKnown(timeline, timeWaitSeries(peer)));
  const isDivided = shownPeers.length > 0;
  const hasAny = (name: string) => highestOf(timeline.series.get(name)) > 0;
  const layers: StripSpec['layers'][number][] = isDivided
    ? [
        ...(hasAny(UNDIVIDED) ? [{ name: UNDIVIDED, label: 'all peers', paint: 'time-wait-undivided' as const }] : []),
        ...(hasAny(OTHERS) ? [{ name: OTHERS, label: 'others', paint: 'time-wait-others' as const }] : []),
        ...shownPeers
          .map((peer, index) => {
            return { name: timeWaitSeries(peer), label: peerLabel(peer), paint: PAINTS[index] ?? 'time-wait' };
          })
          .reverse(),
      ]
    : [{ name: SERIES.timeWait, label: 'TIME_WAIT', paint: 'time-wait' }];
  return {
    title: 'TIME_WAIT',
    unit: 'left over; a local port each, no descriptor',
    height: 112,
    kind: 'stack',
    layers,
    ceilings: localPorts === undefined ? [] : [{ value: localPorts, kind: 'set', what: 'ports to one peer' }],
    hasTotal: isDivided,
  };
}

const PAINTS = ['time-wait', 'time-wait-2', 'time-wait-3'] as const;

function peerLabel({ direction, name, address, port, service }: TimeWaitPeer): string {
  const host = shown(name ?? address);
  return direction === 'out' ? `to ${host}:${service ?? port}` : `of ${host} to ${service ?? port}`;
}

/** A timeline with the two series that {@link timeWaitStrip} has beside those of its peers. */
export function withTimeWait(timeline: Timeline, peers: readonly TimeWaitPeer[] | undefined): Timeline {
  const all = timeline.series.get(SERIES.timeWait);
  const names = (peers ?? []).slice(0, MOST_PEERS).map(timeWaitSeries);
  const parts = names.flatMap((name) => timeline.series.get(name) ?? []);
  if (all === undefined || parts.length === 0) return timeline;
  // Where any peer is known, a peer without a value has none in TIME_WAIT.
  const isDivided = timeline.times.map((_, index) =>
    [...timeline.series].some(([name, { mean }]) => name.startsWith('timeWait.') && (mean[index] ?? null) !== null),
  );
  const filled = (values: Values['mean']) =>
    values.map((value, index) => value ?? (isDivided[index] === true && all.mean[index] != null ? 0 : null));
  const others = (key: keyof Values) =>
    all[key].map((value, index) => {
      if (value === null || isDivided[index] !== true) return null;
      return Math.max(0, value - parts.reduce((sum, part) => sum + (part[key][index] ?? 0), 0));
    });
  const undivided = (key: keyof Values) => all[key].map((value, index) => (isDivided[index] === true ? null : value));
  const both = (make: (key: keyof Values) => Values['mean']): Values => ({ mean: make('mean'), max: make('max') });
  const series = new Map(timeline.series);
  for (const name of names) {
    const values = series.get(name);
    if (values !== undefined) series.set(name, { mean: filled(values.mean), max: filled(values.max) });
  }
  series.set(OTHERS, both(others));
  series.set(UNDIVIDED, both(undivided));
  return { ...timeline, series };
}
