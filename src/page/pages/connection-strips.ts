import { errorSeries, outcomeSeries, SERIES } from '../../model/report/series-names.ts';
import type { CONNECTION_OUTCOMES } from '../../model/socket/connection-event.ts';
import { isKnown, withZeros } from '../charts/derived.ts';
import type { PaintName } from '../charts/paint.ts';
import type { StripSpec } from '../charts/strip-spec.ts';
import type { Timeline } from '../charts/timeline.ts';
import { shown } from '../text/shown.ts';

const ERROR_PREFIX = errorSeries('');

/** How each outcome is drawn: those of the peer and the network are trouble, those of the program itself are not. */
const OUTCOME_PAINTS: Readonly<Record<(typeof CONNECTION_OUTCOMES)[number], PaintName>> = {
  closed: 'ink',
  aborted: 'aborted',
  'never-accepted': 'never-accepted',
  failed: 'unsuccessful',
  'no-answer': 'no-answer',
  'timed-out': 'timed-out',
  refused: 'failed',
  reset: 'reset',
};

/** Errors of the outcomes, as these are drawn. */
const ERROR_PAINTS: Readonly<Record<string, PaintName>> = {
  ECONNREFUSED: 'failed',
  ECONNRESET: 'reset',
  ETIMEDOUT: 'timed-out',
  EHOSTUNREACH: 'no-answer',
  EPIPE: 'aborted',
};
const OTHER_PAINTS: readonly PaintName[] = ['unsuccessful', 'never-accepted'];

/** The charts of openings and ends: failures by error, ends by outcome, rates, handshakes. */
export function connectionStrips(timeline: Timeline): StripSpec[] {
  const errors = errorLayers(timeline);
  const outcomes = outcomeLayers(timeline);
  return [
    ...(errors.length > 0
      ? [rateStack('Failed connections', 'a second, by the error that their program got', errors)]
      : isKnown(timeline, SERIES.failed)
        ? [rateStack('Failed connections', 'a second: refused, no answer, reset, aborted', [FAILED])]
        : []),
    ...(outcomes.length > 0 ? [rateStack('How connections end', 'a second, by outcome', outcomes)] : []),
    ...(isKnown(timeline, SERIES.opened) || isKnown(timeline, SERIES.closed) ? [openedAndClosed(timeline)] : []),
    ...(isKnown(timeline, SERIES.handshakeMedian) ? [handshakes()] : []),
  ];
}

/** Outcomes and errors are stored where there were some: in between there were none, as long as any were counted. */
export function withConnectionZeros(timeline: Timeline): Timeline {
  const names = [...timeline.series.keys()].filter(
    (name) => name.startsWith(ERROR_PREFIX) || name.startsWith(outcomeSeries('')),
  );
  return withZeros(timeline, names, SERIES.closed);
}

type Layer = StripSpec['layers'][number];

const FAILED: Layer = { name: SERIES.failed, label: 'Failed', paint: 'failed' };

/** From the bottom to the top. */
function outcomeLayers(timeline: Timeline): Layer[] {
  return (Object.keys(OUTCOME_PAINTS) as (typeof CONNECTION_OUTCOMES)[number][])
    .map((outcome) => ({ name: outcomeSeries(outcome), label: outcome, paint: OUTCOME_PAINTS[outcome] }))
    .filter(({ name }) => isKnown(timeline, name));
}

function errorLayers(timeline: Timeline): Layer[] {
  const names = [...timeline.series.keys()].filter((name) => name.startsWith(ERROR_PREFIX) && isKnown(timeline, name));
  return names.sort().map((name, index) => {
    const error = name.slice(ERROR_PREFIX.length);
    const paint = ERROR_PAINTS[error] ?? OTHER_PAINTS[index % OTHER_PAINTS.length] ?? 'failed';
    return { name, label: shown(error), paint };
  });
}

function rateStack(title: string, unit: string, layers: Layer[]): StripSpec {
  return { title, unit, height: 72, kind: 'stack', layers, ceilings: [], quantity: 'rate' };
}

function openedAndClosed(timeline: Timeline): StripSpec {
  const layers = [
    { name: SERIES.closed, label: 'Closed', paint: 'closed' as const },
    { name: SERIES.opened, label: 'Opened', paint: 'opened' as const },
  ];
  return {
    title: 'Opened and closed',
    unit: 'connections a second',
    height: 72,
    kind: 'lines',
    layers: layers.filter(({ name }) => isKnown(timeline, name)),
    ceilings: [],
    quantity: 'rate',
  };
}

function handshakes(): StripSpec {
  return {
    title: 'Handshakes',
    unit: 'time to connect to a peer',
    height: 72,
    kind: 'lines',
    layers: [
      { name: SERIES.handshakeMedian, label: 'Median', paint: 'opened' },
      { name: SERIES.handshakeP95, label: '95 % within', paint: 'closed' },
      { name: SERIES.handshakeMax, label: 'Longest', paint: 'longest' },
    ],
    ceilings: [],
    quantity: 'microseconds',
  };
}
