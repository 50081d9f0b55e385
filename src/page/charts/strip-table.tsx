import { Scroll } from '../components/scroll.tsx';
import { Swatch } from '../components/swatch.tsx';
import { momentText, utcText } from '../text/times.ts';
import type { StripSpec } from './strip-spec.ts';
import type { Timeline } from './timeline.ts';

/** Rows of the table behind a chart. */
const ROWS = 24;

/** The numbers of a chart, the latest first; of many points each row has the highest of several. */
export function StripTable(props: { spec: StripSpec; timeline: Timeline; text: (value: number) => string }) {
  const { spec, timeline, text } = props;
  const { times } = timeline;
  const each = Math.max(1, Math.ceil(times.length / ROWS));
  const starts = times.map((_, index) => index).filter((index) => index % each === 0);
  const now = times.at(-1) ?? 0;
  return (
    <Scroll label={spec.title} also="strip-table">
      <table class="compact">
        <caption class="vh">
          {spec.title}, {spec.unit}
        </caption>
        <thead>
          <tr>
            <th scope="col">{each === 1 ? 'Time' : 'From'}</th>
            {spec.layers.map(({ name, label, paint }) => (
              <th key={name} scope="col" class="num">
                <Swatch paint={paint} /> {each === 1 ? label : `${label}, highest`}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {starts.reverse().map((start) => (
            <tr key={times[start]}>
              <th scope="row" title={utcText(times[start] ?? 0)}>
                {momentText(times[start] ?? 0, now)}
              </th>
              {spec.layers.map(({ name }) => {
                const highest = highestOf(timeline, name, start, each);
                return (
                  <td key={name} class="num">
                    {highest === undefined ? '–' : text(highest)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function highestOf(timeline: Timeline, name: string, start: number, count: number): number | undefined {
  const values = timeline.series.get(name)?.max.slice(start, start + count) ?? [];
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? undefined : Math.max(...known);
}
