import { range } from '../state/clock.ts';
import { countText } from '../text/numbers.ts';
import { momentText, spanText } from '../text/times.ts';
import { type Note, placedNotes } from './notes.ts';
import { type Ceiling, isReached, type Scale } from './scale.ts';
import type { StripSpec, Surroundings } from './strip-spec.ts';

/** Pixels of a plot where nothing else is known: beside label, axis and margins. */
const BESIDE_PLOT = { wide: 400, narrow: 90 };
const NARROWEST_WIDE = 640;

/** A peak that is not so much higher than the latest value is no news. */
const NOTABLE_PEAK = 1.25;
const SMALLEST_PEAK = 5;

/** What a strip has drawn. */
export interface Drawn {
  spec: StripSpec;
  scale: Scale;
  /** The height of all its values together, at each time of the timeline. */
  totals: readonly number[];
}

/**
 * Words in the plot: where it reached its limit and its peak; in the first strip also why there is nothing, and what
 * happened to the container.
 */
export function StripNotes({ drawn, surroundings }: { drawn: Drawn; surroundings: Surroundings }) {
  const width =
    innerWidth > NARROWEST_WIDE ? innerWidth - BESIDE_PLOT.wide : Math.max(innerWidth - BESIDE_PLOT.narrow, 200);
  const wanted = [
    ...reachedNotes(drawn, surroundings),
    ...(drawn.spec.isFirst === true ? aboutTheTime(surroundings) : []),
    ...peakNotes(drawn, surroundings),
  ];
  return (
    <>
      {placedNotes(wanted, range.value, width).map(({ kind, text, fromMs, at, side, top }) => (
        <span
          key={`${kind} ${fromMs}`}
          class={`note ${kind} ${side}`}
          style={{ left: `${at * 100}%`, top: `${Math.max(top, 2)}px` }}
        >
          {text}
        </span>
      ))}
    </>
  );
}

/** Gaps, the widest first, and starts and stops. */
function aboutTheTime({ timeline, marks }: Surroundings): Note[] {
  const { fromMs, toMs } = range.value;
  const gaps = timeline.gaps
    .filter((gap) => gap.toMs > fromMs && gap.fromMs < toMs)
    .sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))
    .map((gap): Note => {
      const isWhole = gap.fromMs > fromMs && gap.toMs < toMs;
      const text = isWhole ? `${gap.reason}, ${spanText(gap.toMs - gap.fromMs)}` : gap.reason;
      return { kind: 'gap', text, fromMs: gap.fromMs, toMs: gap.toMs, top: 4 };
    });
  const events = marks.map(({ atMs, what }): Note => {
    return { kind: 'mark', text: `${what} ${momentText(atMs, toMs)}`, fromMs: atMs, toMs: atMs, top: 22 };
  });
  return [...gaps, ...events];
}

/** The first moment at which each limit within the scale was reached. */
function reachedNotes({ spec, scale, totals }: Drawn, { timeline }: Surroundings): Note[] {
  const highest = Math.max(0, ...totals);
  return scale.lines
    .filter((ceiling) => isReached(highest, ceiling))
    .flatMap((ceiling: Ceiling): Note[] => {
      const atMs = timeline.times[totals.findIndex((total) => total >= ceiling.value)];
      if (atMs === undefined) return [];
      const text = `limit reached ${momentText(atMs, range.value.toMs)}`;
      return [{ kind: 'ceiling', text, fromMs: atMs, toMs: atMs, top: pixelOf(ceiling.value, scale, spec) + 4 }];
    });
}

/** How high it was, and when, where it is lower now. */
function peakNotes({ spec, scale, totals }: Drawn, { timeline }: Surroundings): Note[] {
  if (spec.hasPeak !== true) return [];
  const highest = Math.max(0, ...totals);
  const atMs = timeline.times[totals.indexOf(highest)];
  if (atMs === undefined || highest < SMALLEST_PEAK || highest < (totals.at(-1) ?? 0) * NOTABLE_PEAK) return [];
  const text = `${countText(highest)} at ${momentText(atMs, range.value.toMs)}`;
  return [{ kind: 'peak', text, fromMs: atMs, toMs: atMs, top: pixelOf(highest, scale, spec) }];
}

function pixelOf(value: number, { top }: Scale, { height }: StripSpec): number {
  return (1 - value / top) * height;
}
