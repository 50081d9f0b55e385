/** What the history has of a row, as the metrics of serve have it in a store. */
import {
  ANY_PORT,
  type LaneKey,
  laneSeries,
  OTHER_LANES,
  outcomeSeries,
  queueSeries,
  SERIES,
  stateSeries,
} from '../../model/report/series-names.ts';
import { CONNECTION_OUTCOMES, isFailure } from '../../model/socket/connection-event.ts';
import { OTHER_PEERS } from '../metrics/peer-names.ts';
import { outcomeWord, stateOfWord } from '../metrics/state-words.ts';
import { type PointGrid, REACH } from './fit-step.ts';
import { labelIsOneOf, promqlDuration, selector } from './promql.ts';
import { ROW_LABELS } from './row-names.ts';
import type { StoreLabels } from './store-answer.ts';

/** One of the three numbers of a point. */
export type Extreme = 'avg' | 'min' | 'max';

/** What expressions are made of. */
export interface ExpressionParts extends PointGrid {
  /** Which series: of this host, and of the rows that are asked for. */
  matchers: readonly string[];
  /** Distance of samples, milliseconds. */
  distanceMs: number;
  /** Distance of the moments at which sums are made, milliseconds: not longer than a step. */
  sumEveryMs: number;
}

/** One metric, and the series of the history that are made of it. */
export interface StoredFamily {
  /** Names of its series, and beginnings of names, which end in `*`. */
  names: readonly string[];
  /** Whether a series without anything but 0 is left out, as the history itself does. */
  omitsZeros?: true;
  /** An expression whose value at the end of each point is its average, its least or its highest value. */
  expression(extreme: Extreme, parts: ExpressionParts): string;
  /** The name of a series of the answer; undefined for one that the history does not have. */
  nameOf(labels: StoreLabels): string | undefined;
}

/** What no metric tells: the history of the host itself has it. */
export const NOT_IN_METRICS = 'idle connections, errors of connections, handshake times, and clients by port';

const BY_ROW = ROW_LABELS.join(', ');

/** Each series by itself, without the labels of the scraped target. */
function gauge(metric: string, more: readonly string[], by: readonly string[]): StoredFamily['expression'] {
  const labels = [BY_ROW, ...by].join(', ');
  return (extreme, { matchers, windowMs }) =>
    `max by (${labels}) (${extreme}_over_time(${selector(metric, [...matchers, ...more])}[${promqlDuration(windowMs)}]))`;
}

/**
 * Series added up at each moment, and then over time: the highest sum is no sum of the highest values. A row without any
 * is 0 while the store knows of it.
 */
function sumOfGauge(metric: string, more: readonly string[]): StoredFamily['expression'] {
  return (extreme, parts) => {
    const { matchers, distanceMs, sumEveryMs } = parts;
    // At moments that are further apart than samples, the extremes of what is between them.
    const within = `[${promqlDuration(sumEveryMs > distanceMs ? sumEveryMs : REACH * distanceMs)}]`;
    const sum = `sum by (${BY_ROW}) (${extreme}_over_time(${selector(metric, [...matchers, ...more])}${within}))`;
    const none = `0 * max by (${BY_ROW}) (max_over_time(${selector('socklens_container_info', matchers)}${within}))`;
    return overTime(`${sum} or ${none}`, extreme, parts);
  };
}

/** Counters a second, added up by labels. An increase needs several samples. */
function rate(metric: string, more: readonly string[], by: readonly string[]): StoredFamily['expression'] {
  const labels = [BY_ROW, ...by].join(', ');
  return (extreme, parts) => {
    const { matchers, windowMs, distanceMs } = parts;
    const shortestMs = RATE_SAMPLES * distanceMs;
    const perSecond = (ms: number) =>
      `sum by (${labels}) (rate(${selector(metric, [...matchers, ...more])}[${promqlDuration(ms)}]))`;
    if (extreme === 'avg' || windowMs <= shortestMs) return perSecond(Math.max(windowMs, shortestMs));
    const sumEveryMs = Math.max(parts.sumEveryMs, shortestMs);
    return overTime(perSecond(sumEveryMs), extreme, { ...parts, sumEveryMs });
  };
}

/** Samples from which a rate is made: one may be missing, and another begin anew. */
const RATE_SAMPLES = 4;

/** An expression over the moments of a step: those after its beginning, the last at its end. */
function overTime(expression: string, extreme: Extreme, { stepMs, sumEveryMs }: ExpressionParts): string {
  if (stepMs <= sumEveryMs) return expression;
  const [range, every] = [stepMs - sumEveryMs / 2, sumEveryMs].map(promqlDuration);
  return `${extreme}_over_time((${expression})[${range}:${every}])`;
}

const SOCKETS = 'socklens_container_sockets';
const CLOSED = 'socklens_container_connections_closed_total';

const [FAILURES, ENDS] = [true, false].map((wanted) =>
  CONNECTION_OUTCOMES.filter((outcome) => isFailure(outcome) === wanted).map(outcomeWord),
) as [string[], string[]];

const OUTCOME_OF_WORD: ReadonlyMap<string, string> = new Map(
  CONNECTION_OUTCOMES.map((outcome) => [outcomeWord(outcome), outcome]),
);

/**
 * Every metric that the history can be read from.
 *
 * @param laneOf the connections to a peer, by the labels of their series
 */
export function storedFamilies(laneOf: (labels: StoreLabels) => LaneKey): StoredFamily[] {
  const one = (name: string, expression: StoredFamily['expression']): StoredFamily => ({
    names: [name],
    expression,
    nameOf: () => name,
  });
  return [
    one(SERIES.open, sumOfGauge(SOCKETS, ['state!="time_wait"'])),
    {
      names: [stateSeries('*'), SERIES.timeWait, SERIES.udp, SERIES.raw],
      expression: gauge(SOCKETS, [], ['protocol', 'state']),
      nameOf: ({ protocol, state }) => {
        if (protocol !== 'tcp') return [SERIES.udp, SERIES.raw].find((name) => name === protocol);
        const known = stateOfWord(state ?? '');
        return known === 'TIME_WAIT' ? SERIES.timeWait : known && stateSeries(known);
      },
    },
    one(SERIES.descriptors, gauge('socklens_container_fullest_process_fds', [], [])),
    one(SERIES.descriptorLimit, gauge('socklens_container_fullest_process_fds_limit', [], [])),
    {
      names: [queueSeries('*')],
      expression: gauge('socklens_container_listener_queue', [], ['port']),
      nameOf: ({ port }) => (isPort(port) ? queueSeries(Number(port)) : undefined),
    },
    {
      names: ['peer.*'],
      expression: gauge('socklens_container_peer_connections', ['direction="outbound"'], ['peer', 'peer_port']),
      nameOf: (labels) => {
        if (labels.peer === OTHER_PEERS && labels.peer_port === undefined) return OTHER_LANES;
        return isPort(labels.peer_port) ? laneSeries(laneOf(labels)) : undefined;
      },
    },
    {
      names: ['peer.*'],
      omitsZeros: true,
      expression: sumOfGauge('socklens_container_peer_connections', ['direction="inbound"']),
      nameOf: () => laneSeries({ direction: 'in', port: ANY_PORT }),
    },
    one(SERIES.opened, rate('socklens_container_connections_opened_total', [], [])),
    one(SERIES.closed, rate(CLOSED, [labelIsOneOf('outcome', ENDS)], [])),
    one(SERIES.failed, rate(CLOSED, [labelIsOneOf('outcome', FAILURES)], [])),
    {
      names: [outcomeSeries('*')],
      omitsZeros: true,
      expression: rate(CLOSED, [], ['outcome']),
      nameOf: ({ outcome = '' }) => {
        const known = OUTCOME_OF_WORD.get(outcome);
        return known && outcomeSeries(known);
      },
    },
  ];
}

/** Whether text is the number of a port. */
function isPort(text: string | undefined): boolean {
  return /^\d{1,5}$/.test(text ?? '');
}
