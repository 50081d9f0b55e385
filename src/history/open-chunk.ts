import { encodeChunk } from './chunk.ts';
import { ColumnWriter, readColumn } from './column.ts';
import type { Point, PointColumns } from './points.ts';

/** The bytes of a chunk. */
export interface ChunkBytes {
  mean: Uint8Array;
  /**
   * Columns `2 * id` for the least and `2 * id + 1` for the greatest values of series `id`; without those that are equal
   * to the means. Undefined where all are.
   */
  extremes: Uint8Array | undefined;
}

/** Columns of one series in the memory. */
interface Columns {
  mean: ColumnWriter;
  /** Undefined as long as all are equal to the means. */
  min: ColumnWriter | undefined;
  max: ColumnWriter | undefined;
}

/** The points of one container and tier since the last full chunk. */
export class OpenChunk {
  /** Time of the first point, in steps of the tier since the epoch. */
  readonly firstStep: number;
  /** Its row in the database; undefined before it was first written. */
  row: number | undefined;
  points = 0;
  readonly #columns = new Map<number, Columns>();

  constructor(firstStep: number) {
    this.firstStep = firstStep;
  }

  /** The step after the last point. */
  get nextStep(): number {
    return this.firstStep + this.points;
  }

  /** The series in it. */
  get ids(): Iterable<number> {
    return this.#columns.keys();
  }

  /**
   * Adds a point, after those without values that lie between.
   *
   * @param step not before {@link nextStep}
   * @param values by the id of the series
   */
  append(step: number, values: ReadonlyMap<number, Point>): void {
    while (this.nextStep < step) this.#appendPoint(NO_VALUES);
    this.#appendPoint(values);
  }

  bytes(): ChunkBytes {
    const mean = new Map<number, ColumnWriter>();
    const extremes = new Map<number, ColumnWriter>();
    for (const [id, columns] of this.#columns) {
      mean.set(id, columns.mean);
      if (columns.min !== undefined) extremes.set(2 * id, columns.min);
      if (columns.max !== undefined) extremes.set(2 * id + 1, columns.max);
    }
    return {
      mean: encodeChunk(this.points, mean),
      extremes: extremes.size > 0 ? encodeChunk(this.points, extremes) : undefined,
    };
  }

  /** The values of one series; undefined where it has none. */
  column(id: number): PointColumns | undefined {
    const columns = this.#columns.get(id);
    if (columns === undefined) return undefined;
    const mean = readColumn(columns.mean.bytes(), this.points);
    return {
      mean,
      min: columns.min === undefined ? mean : readColumn(columns.min.bytes(), this.points),
      max: columns.max === undefined ? mean : readColumn(columns.max.bytes(), this.points),
    };
  }

  #appendPoint(values: ReadonlyMap<number, Point>): void {
    for (const id of values.keys()) {
      if (this.#columns.has(id)) continue;
      this.#columns.set(id, { mean: new ColumnWriter(this.points), min: undefined, max: undefined });
    }
    for (const [id, columns] of this.#columns) {
      const point = values.get(id) ?? NO_POINT;
      if (point.min < point.mean) columns.min ??= columns.mean.copy();
      if (point.max > point.mean) columns.max ??= columns.mean.copy();
      columns.mean.append(point.mean);
      columns.min?.append(point.min);
      columns.max?.append(point.max);
    }
    this.points++;
  }
}

const NO_VALUES: ReadonlyMap<number, Point> = new Map();
const NO_POINT: Point = { mean: Number.NaN, min: Number.NaN, max: Number.NaN };
