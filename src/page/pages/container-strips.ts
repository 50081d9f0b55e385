import {
  ANY_PORT,
  idleSeries,
  laneSeries,
  queueSeries,
  refusedSeries,
  SERIES,
  stateSeries,
} from '../../model/report/series-names.ts';
import type { ContainerAnswer, PoolLane } from '../../serve/protocol/container.ts';
import type { FullestProcess, ListeningPort } from '../../serve/protocol.ts';
import { differenceName, highestOf, isKnown, undividedName, withDifference, withZeros } from '../charts/derived.ts';
import { STACKED_STATES } from '../charts/paint.ts';
import type { StripSpec } from '../charts/strip-spec.ts';
import type { Timeline, Values } from '../charts/timeline.ts';
import { shown } from '../text/shown.ts';
import { connectionStrips, withConnectionZeros } from './connection-strips.ts';
import type { IdleCaps } from './idle-caps.ts';
import { timeWaitStrip, withTimeWait } from './time-wait-strip.ts';

/** States that have a line in the legend even where there is no such socket. */
const ALWAYS = ['LISTEN', 'ESTABLISHED', 'CLOSE_WAIT'];
const MOST_LANES = 8;
/** Pools that are drawn large. */
const LARGE_LANES = 2;
const MOST_QUEUES = 4;

/** What is known now of the container beside its series; of one that is gone nothing. */
export type Known = Pick<ContainerAnswer, 'lanes' | 'listeners' | 'timeWait' | 'localPorts'> & {
  fullest?: FullestProcess | undefined;
  /** How many idle connections its pools keep. */
  idleCaps?: IdleCaps;
};

/** The charts of a container's page, from the top to the bottom. */
export function stripsOf(known: Known, timeline: Timeline): StripSpec[] {
  const { lanes, listeners, fullest, idleCaps } = known;
  return [
    openSockets(timeline),
    timeWaitStrip(known, timeline),
    ...(fullest === undefined && !isKnown(timeline, SERIES.descriptors) ? [] : [descriptors(fullest)]),
    ...lanesShown(lanes, timeline).flatMap((lane, index) => [
      pool(lane, timeline, { isLarge: index < LARGE_LANES, idleCap: idleCaps?.(lane) }),
      ...(hasAny(timeline.series.get(refusedSeries(lane))) ? [refused(lane)] : []),
    ]),
    ...connectionStrips(timeline),
    ...queuesOf(listeners, timeline).map(acceptQueue),
  ];
}

function openSockets(timeline: Timeline): StripSpec {
  const states = STACKED_STATES.filter(
    ({ state }) => ALWAYS.includes(state) || hasAny(timeline.series.get(stateSeries(state))),
  );
  const others = [
    { name: SERIES.udp, label: 'UDP', paint: 'close' as const },
    { name: SERIES.raw, label: 'RAW', paint: 'close' as const },
  ].filter(({ name }) => hasAny(timeline.series.get(name)));
  return {
    title: 'Open sockets',
    unit: 'by state; each holds a descriptor',
    height: 168,
    kind: 'stack',
    layers: [...others, ...states.map(({ state, paint }) => ({ name: stateSeries(state), label: state, paint }))],
    ceilings: [],
    hasTotal: true,
    isFirst: true,
  };
}

function descriptors(fullest: FullestProcess | undefined): StripSpec {
  const { pid, command = '', limit = null } = fullest ?? {};
  return {
    title: 'Descriptors',
    unit: `fullest process${pid === undefined ? '' : `, ${shown(command)} ${pid}`}`,
    height: 112,
    kind: 'stack',
    layers: [{ name: SERIES.descriptors, label: 'Open files', paint: 'ink' }],
    ceilings: limit === null ? [] : [{ value: limit, kind: 'set', what: 'nofile, soft' }],
  };
}

/** The timeline of a container with what its charts need beside what is stored: zeros of states, connections that are in use. */
export function completed(timeline: Timeline, { lanes, timeWait }: Pick<Known, 'lanes' | 'timeWait'>): Timeline {
  const states = STACKED_STATES.map(({ state }) => stateSeries(state));
  const counted = withZeros(timeline, [...states, SERIES.udp, SERIES.raw], SERIES.open);
  const complete = withTimeWait(withConnectionZeros(counted), timeWait);
  return lanes.reduce((result, lane) => {
    const divided = withDifference(result, laneSeries(lane), idleSeries(lane));
    const refused = refusedSeries(lane);
    return divided.series.has(refused) ? withZeros(divided, [refused], laneSeries(lane)) : divided;
  }, complete);
}

/** Pools first, then clients of its ports, the largest peak first. Those without a connection in the time shown are left out. */
function lanesShown(lanes: readonly PoolLane[], timeline: Timeline): PoolLane[] {
  return lanes
    .filter(({ address, direction }) => direction === 'in' || address !== undefined)
    .filter((lane) => hasAny(timeline.series.get(laneSeries(lane))))
    .map((lane) => ({ lane, highest: highestOf(timeline.series.get(laneSeries(lane))) }))
    .sort((a, b) => Number(b.lane.direction === 'out') - Number(a.lane.direction === 'out') || b.highest - a.highest)
    .map(({ lane }) => lane)
    .slice(0, MOST_LANES);
}

/** Name of a lane: `db:mysql`, `clients of 8080`. */
export function laneTitle({ name, address, port, service, direction }: PoolLane): string {
  if (direction === 'in') return port === ANY_PORT ? 'clients of all ports' : `clients of ${port}`;
  return `${shown(name ?? address ?? '?')}:${service ?? port}`;
}

function pool(
  lane: PoolLane,
  timeline: Timeline,
  { isLarge, idleCap }: { isLarge: boolean; idleCap: number | undefined },
): StripSpec {
  const title = laneTitle(lane);
  const hasIdle = isKnown(timeline, idleSeries(lane));
  return {
    title: lane.direction === 'out' ? `Pool to ${title}` : title[0]?.toUpperCase() + title.slice(1),
    unit: lane.direction === 'out' ? `${lane.address}:${lane.port}, connections` : 'connections from clients',
    height: isLarge ? 140 : 64,
    kind: 'stack',
    layers: [
      ...(hasIdle
        ? [
            { name: differenceName(laneSeries(lane)), label: 'In use', paint: 'established' as const },
            { name: idleSeries(lane), label: 'Idle', paint: 'idle' as const },
            ...(hasAny(timeline.series.get(undividedName(laneSeries(lane))))
              ? [{ name: undividedName(laneSeries(lane)), label: 'In use or idle', paint: 'undivided' as const }]
              : []),
          ]
        : [{ name: laneSeries(lane), label: 'Connections', paint: 'established' as const }]),
    ],
    whole: laneSeries(lane),
    hasTotal: hasIdle,
    hasPeak: isLarge,
    ceilings: [
      ...(lane.ceiling === undefined
        ? []
        : [{ value: lane.ceiling.count, kind: lane.ceiling.kind, what: lane.ceiling.what }]),
      ...(idleCap === undefined
        ? []
        : [{ value: idleCap, kind: 'observed' as const, what: 'idle cap', isIdleCap: true }]),
    ],
  };
}

/** What the server of a pool did not take: a rate, which is no part of a count of connections. */
function refused(lane: PoolLane): StripSpec {
  return {
    title: `Refused by ${laneTitle(lane)}`,
    unit: 'connections a second, after they were accepted',
    height: 64,
    kind: 'stack',
    layers: [{ name: refusedSeries(lane), label: 'Refused', paint: 'failed' }],
    ceilings: [],
    quantity: 'rate',
  };
}

/** One of each port, those with a queue first. */
function queuesOf(listeners: readonly ListeningPort[], timeline: Timeline): ListeningPort[] {
  const ports = new Map<number, ListeningPort>();
  for (const listener of listeners) {
    if (!listener.proto.startsWith('tcp') || listener.backlog === undefined) continue;
    const before = ports.get(listener.port);
    if (before === undefined || (listener.queue ?? 0) > (before.queue ?? 0)) ports.set(listener.port, listener);
  }
  return [...ports.values()]
    .sort(
      (a, b) =>
        highestOf(timeline.series.get(queueSeries(b.port))) - highestOf(timeline.series.get(queueSeries(a.port))),
    )
    .slice(0, MOST_QUEUES);
}

function acceptQueue({ port, backlog }: ListeningPort): StripSpec {
  return {
    title: `Accept queue :${port}`,
    unit: 'connections not accepted yet',
    height: 64,
    kind: 'stack',
    layers: [{ name: queueSeries(port), label: 'Waiting', paint: 'ink' }],
    ceilings: backlog === undefined ? [] : [{ value: backlog, kind: 'set', what: 'backlog' }],
  };
}

function hasAny(values: Values | undefined): boolean {
  return highestOf(values) > 0;
}
