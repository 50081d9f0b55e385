import { byName } from '../../base/by-name.ts';
import type { HistoryColumns, HistoryGap, HistorySeries, TimeRange } from '../../history/history.ts';
import { ANY_PORT, laneSeries, queueSeries } from '../../model/report/series-names.ts';
import type { PointGrid } from './fit-step.ts';
import type { StoreSeries } from './store-answer.ts';
import type { Extreme } from './stored-families.ts';

/** Beginnings of the names of series that a store has beside those of this host: peers by name, clients of all ports. */
const LANES = ['peer.', 'idle.'];

/** Values at the points of a grid: those of a store, and of the last minutes those of this host. */
export class StoredColumns {
  readonly #grid: PointGrid;
  readonly #columns = new Map<string, HistorySeries>();
  /** Points of which there are samples of this host. */
  readonly #isKnown: Uint8Array;

  constructor(grid: PointGrid) {
    this.#grid = grid;
    this.#isKnown = new Uint8Array(grid.points);
  }

  /** Notes when a store has samples of this host. @param presence a series of how many it has */
  addPresence({ times, values }: StoreSeries): void {
    times.forEach((atMs, index) => {
      const point = this.#pointAtEnd(atMs);
      if (point !== undefined && (values[index] ?? 0) > 0) this.#isKnown[point] = 1;
    });
  }

  /** Adds the averages of a series, or its extremes. */
  add(container: string, name: string, extreme: Extreme, { times, values }: StoreSeries): void {
    const column = this.#column(container, name);
    const target = column[extreme === 'avg' ? 'mean' : extreme];
    times.forEach((atMs, index) => {
      const point = this.#pointAtEnd(atMs);
      const value = values[index];
      if (point !== undefined && value !== undefined && Number.isFinite(value)) target[point] = value;
    });
  }

  /**
   * Puts what this host has measured itself over what is there. Of a point that began before it measured, the store has
   * more: there only what is missing is added, and extremes.
   *
   * @param recent finer than the grid, from `sinceMs` on
   */
  replace(recent: HistoryColumns, sinceMs: number): void {
    const pointFrom = (atMs: number) => Math.max(0, Math.ceil((atMs - this.#grid.firstMs) / this.#grid.stepMs));
    const first = pointFrom(sinceMs);
    const whole = pointFrom(Math.max(sinceMs, beginOf(recent)));
    const byContainer = Map.groupBy(recent.series, ({ container }) => container);
    for (const [container, series] of byContainer) {
      const joined = series.map((one) => ({ name: one.name, ...this.#joined(one, recent, first) }));
      for (let point = first; point < this.#grid.points; point++) {
        if (!joined.some(({ mean }) => !Number.isNaN(mean[point]))) continue;
        this.#isKnown[point] = 1;
        for (const column of point < whole ? [] : this.#columns.values())
          if (column.container === container && !LANES.some((lane) => column.name.startsWith(lane)))
            clear(column, point);
        for (const { name, mean, min, max } of joined) {
          const value = mean[point] ?? Number.NaN;
          if (Number.isNaN(value)) continue;
          const column = this.#column(container, name);
          const before = column.mean[point] as number;
          const isAdded = point < whole && !Number.isNaN(before);
          const [least, highest] = [min[point] ?? value, max[point] ?? value];
          column.mean[point] = isAdded ? before : value;
          column.min[point] = isAdded ? Math.min(known(column.min[point], before), least) : least;
          column.max[point] = isAdded ? Math.max(known(column.max[point], before), highest) : highest;
        }
      }
    }
  }

  /** A column of each series with a value, by container and name. */
  series(): HistorySeries[] {
    const filled = [...this.#columns.values()].filter(({ mean }) => mean.some((value) => !Number.isNaN(value)));
    for (const { mean, min, max } of filled) {
      for (let point = 0; point < mean.length; point++) {
        const value = mean[point] as number;
        // Without extremes each point is one sample.
        if (Number.isNaN(min[point])) min[point] = value;
        if (Number.isNaN(max[point])) max[point] = value;
      }
    }
    return filled.sort((a, b) => byName(a.container, b.container) || byName(a.name, b.name));
  }

  /** The parts of a time without samples of this host. */
  gaps({ fromMs, toMs }: TimeRange, reason: string): HistoryGap[] {
    const { firstMs, stepMs, points } = this.#grid;
    const gaps: HistoryGap[] = [];
    for (let point = 0; point < points; point++) {
      if (this.#isKnown[point] === 1) continue;
      const begin = point;
      while (point < points && this.#isKnown[point] !== 1) point++;
      const gap = {
        fromMs: Math.max(fromMs, firstMs + begin * stepMs),
        toMs: Math.min(toMs, firstMs + point * stepMs),
      };
      // The last point may have only begun.
      if (gap.toMs - gap.fromMs >= stepMs) gaps.push({ ...gap, container: undefined, reason });
    }
    return gaps;
  }

  /** Leaves out series that are 0 throughout. */
  dropZeros(names: ReadonlySet<string>): void {
    for (const [key, { name, mean, max }] of this.#columns) {
      const isNothing = [mean, max].every((values) => values.every((value) => value === 0 || Number.isNaN(value)));
      if (names.has(name) && isNothing) this.#columns.delete(key);
    }
  }

  /** Where a row listens on one port alone, its clients are those of that port. */
  nameClients(): void {
    const [clients, queues] = [laneSeries({ direction: 'in', port: ANY_PORT }), queueSeries('')];
    for (const [key, column] of [...this.#columns]) {
      if (column.name !== clients) continue;
      const ports = [...this.#columns.values()].flatMap(({ container, name }) =>
        container === column.container && name.startsWith(queues) ? [Number(name.slice(queues.length))] : [],
      );
      const [port, ...others] = ports;
      if (port === undefined || others.length > 0) continue;
      const name = laneSeries({ direction: 'in', port });
      this.#columns.delete(key);
      this.#columns.set(keyOf(column.container, name), { ...column, name });
    }
  }

  /** The points of a finer series, joined to those of the grid. */
  #joined({ mean, min, max }: HistorySeries, { fromMs, stepMs }: HistoryColumns, first: number) {
    const { firstMs, stepMs: widthMs, points } = this.#grid;
    const count = new Uint32Array(points);
    const joined = emptyColumns(points);
    for (const [index, value] of mean.entries()) {
      const point = Math.floor((fromMs + index * stepMs - firstMs) / widthMs);
      if (point < first || point >= points || Number.isNaN(value)) continue;
      const before = count[point] as number;
      const [least, highest] = [min[index] as number, max[index] as number];
      count[point] = before + 1;
      joined.mean[point] = before === 0 ? value : ((joined.mean[point] as number) * before + value) / (before + 1);
      joined.min[point] = before === 0 ? least : Math.min(joined.min[point] as number, least);
      joined.max[point] = before === 0 ? highest : Math.max(joined.max[point] as number, highest);
    }
    return joined;
  }

  /** The point that ends at a time; undefined for another time. */
  #pointAtEnd(atMs: number): number | undefined {
    const { firstMs, stepMs, points } = this.#grid;
    const point = Math.round((atMs - firstMs) / stepMs) - 1;
    return point >= 0 && point < points ? point : undefined;
  }

  #column(container: string, name: string): HistorySeries {
    const key = keyOf(container, name);
    let column = this.#columns.get(key);
    if (column === undefined) {
      column = { container, name, ...emptyColumns(this.#grid.points) };
      this.#columns.set(key, column);
    }
    return column;
  }
}

/** When the first value is from; infinity without any. */
function beginOf({ fromMs, stepMs, series }: HistoryColumns): number {
  const indexes = series
    .map(({ mean }) => mean.findIndex((value) => !Number.isNaN(value)))
    .filter((index) => index >= 0);
  return indexes.length === 0 ? Number.POSITIVE_INFINITY : fromMs + Math.min(...indexes) * stepMs;
}

/** An extreme of a point, or its only value. */
function known(extreme: number | undefined, mean: number): number {
  return extreme === undefined || Number.isNaN(extreme) ? mean : extreme;
}

function emptyColumns(points: number): { mean: Float64Array; min: Float64Array; max: Float64Array } {
  const empty = () => new Float64Array(points).fill(Number.NaN);
  return { mean: empty(), min: empty(), max: empty() };
}

function clear(column: HistorySeries, point: number): void {
  for (const values of [column.mean, column.min, column.max]) values[point] = Number.NaN;
}

function keyOf(container: string, name: string): string {
  return `${container}\n${name}`;
}
