import type { HistoryAnswer } from '../../serve/protocol/history.ts';
import type { Range } from '../charts/timeline.ts';

/** Points of a spark: one for two pixels. */
export const SPARK_POINTS = 94;

/**
 * The open sockets of all rows over the time shown, as so many points: what is stored, and the ticks since. The highest
 * value of each point is kept, so that no peak is lost.
 */
export class Sparks {
  readonly stepMs: number;
  readonly #values = new Map<string, Map<number, number>>();

  /** @param lengthMs of the time shown */
  constructor(lengthMs: number) {
    this.stepMs = Math.max(lengthMs / SPARK_POINTS, 1000);
  }

  /** Takes one number of a row. */
  add(name: string, atMs: number, value: number): void {
    const point = Math.floor(atMs / this.stepMs);
    let values = this.#values.get(name);
    if (values === undefined) {
      values = new Map();
      this.#values.set(name, values);
    }
    values.set(point, Math.max(values.get(point) ?? 0, value));
  }

  /** Takes what is stored of a series. */
  addHistory(stored: HistoryAnswer, series: string): void {
    for (const { container, columns } of stored.containers) {
      const column = columns.find(({ name }) => name === series);
      for (const [index, value] of (column?.max ?? column?.mean ?? []).entries()) {
        if (value === null) continue;
        // A stored point may last longer than one of these.
        const atMs = stored.firstMs + index * stored.stepMs;
        for (let ms = atMs; ms < atMs + stored.stepMs; ms += this.stepMs) this.add(container, ms, value);
        this.add(container, atMs + stored.stepMs - 1, value);
      }
    }
  }

  /** Values of a row from the beginning to the end; undefined where there is none. */
  of(name: string, { fromMs, toMs }: Range): (number | undefined)[] {
    const values = this.#values.get(name);
    const first = Math.floor(fromMs / this.stepMs) + 1;
    const last = Math.floor(toMs / this.stepMs);
    return Array.from({ length: Math.max(last - first + 1, 0) }, (_, index) => values?.get(first + index));
  }

  /** Changes when {@link of} gives other values for a row. */
  stateOf(name: string, { toMs }: Range): string {
    const last = Math.floor(toMs / this.stepMs);
    return `${last} ${this.#values.get(name)?.get(last)}`;
  }

  /** Forgets what is older, and rows that are not there any more. */
  prune(fromMs: number, names: ReadonlySet<string>): void {
    const first = Math.floor(fromMs / this.stepMs);
    for (const [name, values] of this.#values) {
      for (const point of values.keys()) {
        if (point >= first) break;
        values.delete(point);
      }
      if (values.size === 0 && !names.has(name)) this.#values.delete(name);
    }
  }
}

/** A line and the area below it, as paths of SVG. Parts without values are left out: a gap is a gap. */
export function sparkPaths(
  values: readonly (number | undefined)[],
  { width, height, top }: { width: number; height: number; top: number },
): { line: string; area: string } {
  const x = (index: number) => ((index * width) / Math.max(values.length - 1, 1)).toFixed(1);
  const y = (value: number) => (height - 1 - (value / top) * (height - 3)).toFixed(1);
  let line = '';
  let area = '';
  let from: number | undefined;
  for (let index = 0; index <= values.length; index++) {
    const value = values[index];
    if (value !== undefined) {
      line += `${from === undefined ? 'M' : 'L'}${x(index)} ${y(value)}`;
      area += `${from === undefined ? `M${x(index)} ${height - 1}` : ''}L${x(index)} ${y(value)}`;
      from ??= index;
    } else if (from !== undefined) {
      // A single point would be invisible.
      if (index - from === 1) line += 'h1';
      area += `L${x(index - 1)} ${height - 1}Z`;
      from = undefined;
    }
  }
  return { line, area };
}
