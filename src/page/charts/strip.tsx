import { useSignal } from '@preact/signals';
import { Swatch } from '../components/swatch.tsx';
import { cursorMs } from '../state/clock.ts';
import { areTablesShown } from '../state/tables.ts';
import { axisText, countText, microsText, rateText } from '../text/numbers.ts';
import type { Layer, Picture } from './draw.ts';
import { Plot } from './plot.tsx';
import { type Ceiling, isReached, type Scale, scaleOf } from './scale.ts';
import { StripNotes } from './strip-notes.tsx';
import type { StripSpec, Surroundings } from './strip-spec.ts';
import { StripTable } from './strip-table.tsx';
import { type Timeline, valueAt } from './timeline.ts';

/** A chart with its title, its numbers and its axis. */
export function Strip({ spec, surroundings }: { spec: StripSpec; surroundings: Surroundings }) {
  const { timeline, bands, marks } = surroundings;
  const alone = useSignal<string | undefined>(undefined);
  const shown = spec.layers.filter(({ name }) => alone.value === undefined || alone.value === name);
  const layers = shown.map((layer): Layer => ({ ...layer, values: timeline.series.get(layer.name)?.mean ?? [] }));
  // The highest value of one layer is its own; of several, that of what they are parts of.
  const peaked = shown.length === 1 ? shown[0]?.name : shown.length === spec.layers.length ? spec.whole : undefined;
  const peaks = peaked === undefined ? undefined : timeline.series.get(peaked)?.max;
  const totals = totalsOf(spec.kind, layers, peaks, timeline.times.length);
  const highest = totals.reduce((most, total) => Math.max(most, total), 0);
  const scale = scaleOf(highest, spec.ceilings, spec.quantity === undefined);
  const { text, atAxis } = TEXTS[spec.quantity ?? 'count'];
  const now = (name: string) => valueAt(timeline, name, undefined);
  const label = `${spec.title}, ${spec.unit}: ${shown.map((layer) => `${layer.label} ${shownValue(now(layer.name), text)}`).join(', ')}`;
  const moments = marks.map(({ atMs }) => atMs);
  const picture = { kind: spec.kind, layers, peaks, scale, bands, marks: moments, highest, ...timeline };
  return (
    <section class="strip" aria-label={spec.title}>
      <div class="strip-head">
        <h2>{spec.title}</h2>
        <p class="unit">{spec.unit}</p>
        <Legend spec={spec} timeline={timeline} alone={alone} text={text} highest={highest} />
      </div>
      <div class="plot" style={{ minHeight: `${spec.height}px` }}>
        <Plot picture={picture} label={label} />
        <StripNotes drawn={{ spec, scale, totals }} surroundings={surroundings} />
        {timeline.times.length === 0 && <span class="note nodata">no data</span>}
      </div>
      <Axis scale={scale} highest={highest} height={spec.height} text={atAxis} />
      {areTablesShown.value && <StripTable spec={spec} timeline={timeline} text={text} />}
    </section>
  );
}

/** How numbers are written in the legend and at the axis. */
const TEXTS = {
  count: { text: countText, atAxis: axisText },
  rate: { text: rateText, atAxis: axisText },
  microseconds: { text: microsText, atAxis: microsText },
};

function shownValue(value: number | undefined, text: (value: number) => string): string {
  return value === undefined ? '–' : text(value);
}

/** The height of the picture at each point. */
function totalsOf(
  kind: StripSpec['kind'],
  layers: readonly Layer[],
  peaks: Picture['peaks'],
  points: number,
): number[] {
  return Array.from({ length: points }, (_, index) => {
    const values = layers.map(({ values }) => values[index] ?? 0);
    const total = kind === 'stack' ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values, 0);
    return Math.max(total, peaks?.[index] ?? 0);
  });
}

/** Names and numbers, from the top of the stack to its bottom: raw values, under the cursor or the latest. */
function Legend(props: {
  spec: StripSpec;
  timeline: Timeline;
  alone: { value: string | undefined };
  text: (value: number) => string;
  /** Of all layers together, over the time shown. */
  highest: number;
}) {
  const { spec, timeline, alone, text, highest } = props;
  const at = cursorMs.value;
  const values = spec.layers.map(({ name }) => valueAt(timeline, name, at));
  const total = values.reduce<number | undefined>(
    (sum, value) => (value === undefined ? sum : (sum ?? 0) + value),
    undefined,
  );
  const rows = spec.layers.map((layer, index) => ({ layer, value: values[index] })).reverse();
  return (
    <ul class="legend">
      {rows.map(({ layer, value }) => (
        <li key={layer.name}>
          <button
            type="button"
            aria-pressed={alone.value === layer.name}
            onClick={() => {
              alone.value = alone.value === layer.name ? undefined : layer.name;
            }}
          >
            <Swatch paint={layer.paint} />
            <span>{layer.label}</span>
          </button>
          <b class={value === 0 ? 'faint' : ''}>{shownValue(value, text)}</b>
        </li>
      ))}
      {spec.hasTotal === true && (
        <li>
          <span class="sum">Total</span>
          <b>{shownValue(total, text)}</b>
        </li>
      )}
      {spec.hasPeak === true && (
        <li>
          <span class="sum">Peak</span>
          <b>{text(highest)}</b>
        </li>
      )}
    </ul>
  );
}

/** Pixels that the name of a ceiling takes below its line. */
const CEILING_HEIGHT = 26;
const TICK_HEIGHT = 14;

function Axis(props: { scale: Scale; highest: number; height: number; text: (value: number) => string }) {
  const { scale, highest, height, text } = props;
  const part = (value: number) => (1 - value / scale.top) * 100;
  // The least height: where there is more room, names only keep a larger distance.
  const pixel = (value: number) => (part(value) / 100) * height;
  const labels = scale.lines.map(({ value }) => pixel(value));
  const isFree = (at: number) =>
    labels.every((top) => at < top - TICK_HEIGHT || at > top + CEILING_HEIGHT) &&
    (scale.above.length === 0 || at > CEILING_HEIGHT + TICK_HEIGHT / 2);
  return (
    <div class="axis" aria-hidden="true">
      {scale.ticks
        .filter((tick) => isFree(pixel(tick)))
        .map((tick) => (
          <span key={tick} style={{ top: `max(${part(tick)}%, ${TICK_HEIGHT / 2}px)` }}>
            {text(tick)}
          </span>
        ))}
      {scale.lines.map((ceiling) => (
        <span
          key={ceiling.what}
          class={`ceil at ${isReached(highest, ceiling) ? 'critical' : ''} ${ceiling.kind}`}
          style={{ top: `max(${part(ceiling.value)}%, ${TICK_HEIGHT / 2}px)` }}
        >
          {text(ceiling.value)}
          <small>{ceilingText(ceiling)}</small>
        </span>
      ))}
      {scale.above.slice(0, 1).map((ceiling) => (
        <span key={ceiling.what} class={`ceil at above ${ceiling.kind}`}>
          {text(ceiling.value)} ↑<small>{ceilingText(ceiling)}</small>
        </span>
      ))}
    </div>
  );
}

function ceilingText({ what, kind }: Ceiling): string {
  return kind === 'set' ? what : `${what}, ${kind}`;
}
