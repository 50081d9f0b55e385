import { html } from '../../../render/report/html-text.ts';

/** A line of a chart, or an area stacked on the previous ones. */
export interface ChartLine {
  name: string;
  /** Pairs of time (milliseconds) and value. */
  times: readonly number[];
  values: readonly number[];
}

export interface ChartParts {
  /** Text alternative for screen readers. */
  title: string;
  lines: readonly ChartLine[];
  /** Whether lines are stacked and filled; all must have the same times. */
  stacked: boolean;
  /** Length of the time axis in milliseconds. */
  lengthMs: number;
  /** When the command ran, in milliseconds on the time axis. */
  ranMs: readonly [from: number, to: number];
  /** A bound to draw as a line; absent for none. */
  bound?: { value: number; text: string };
  unit?: string;
}

const WIDTH = 760;
const HEIGHT = 220;
const LEFT = 56;
const RIGHT = 12;
const TOP = 14;
const BOTTOM = 26;

/** A chart as an SVG element; the page defines the colours of the classes `c0`, `c1` … */
export function svgChart({ title, lines, stacked, lengthMs, ranMs, bound, unit = '' }: ChartParts): string {
  const drawn = stacked ? stack(lines) : lines.map((line) => ({ ...line, below: line.values.map(() => 0) }));
  const most = Math.max(1, bound?.value ?? 0, ...drawn.map(({ values }) => Math.max(0, ...values)));
  const ticks = ticksTo(most);
  const top = ticks.at(-1) ?? most;
  const x = (ms: number) => round(LEFT + (Math.min(ms, lengthMs) / Math.max(lengthMs, 1)) * (WIDTH - LEFT - RIGHT));
  const y = (value: number) => round(HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM));
  const parts = [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${html(title)}">`,
    `<rect class="ran" x="${x(ranMs[0])}" y="${TOP}" width="${round(Math.max(0, x(ranMs[1]) - x(ranMs[0])))}" height="${HEIGHT - TOP - BOTTOM}"><title>the command ran</title></rect>`,
    ...ticks.map(
      (value) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}"/><text class="tick" x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end">${value}${html(unit)}</text>`,
    ),
    ...secondTicks(lengthMs).map(
      (seconds) =>
        `<text class="tick" x="${x(seconds * 1000)}" y="${HEIGHT - 8}" text-anchor="middle">${seconds}s</text>`,
    ),
    ...drawn.map(({ name, times, values, below }, index) => {
      const points = times.map((ms, at) => `${x(ms)},${y(values[at] ?? 0)}`);
      const back = stacked ? times.map((ms, at) => `${x(ms)},${y(below[at] ?? 0)}`).reverse() : [];
      const shape = stacked
        ? `<polygon class="area c${index % COLOURS}" points="${[...points, ...back].join(' ')}">`
        : `<polyline class="line c${index % COLOURS}" points="${points.join(' ')}">`;
      return `${shape}<title>${html(name)}</title></${stacked ? 'polygon' : 'polyline'}>`;
    }),
    ...(bound === undefined
      ? []
      : [
          `<line class="bound" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(bound.value)}" y2="${y(bound.value)}"/>`,
          `<text class="boundtext" x="${WIDTH - RIGHT - 4}" y="${Math.max(TOP + 8, y(bound.value) - 5)}" text-anchor="end">${html(bound.text)}</text>`,
        ]),
    '</svg>',
  ];
  return parts.join('');
}

/** Number of colours that the page defines. */
export const COLOURS = 8;

function stack(lines: readonly ChartLine[]): (ChartLine & { below: readonly number[] })[] {
  let below: number[] = lines[0]?.values.map(() => 0) ?? [];
  return lines.map((line) => {
    const floor = below;
    const values = line.values.map((value, index) => value + (floor[index] ?? 0));
    below = values;
    return { ...line, values, below: floor };
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Round tick values for an axis from 0 to at least `most`, about four. */
function ticksTo(most: number): number[] {
  const rough = Math.max(most, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough) ?? 10;
  const step = Math.max(factor * power, most <= 4 ? 1 : 0);
  const count = Math.max(1, Math.ceil(most / step));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Tick values in seconds for an axis of a length in milliseconds, about five. */
function secondTicks(ms: number): number[] {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400];
  const seconds = ms / 1000;
  const step = steps.find((candidate) => seconds / candidate <= 6) ?? 86_400;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}
