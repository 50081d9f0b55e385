import { NumberReader, NumberWriter } from './bytes.ts';

/**
 * Values of one series at equal distances. They are kept as the bytes that are stored, about a quarter of a byte a value:
 * as numbers, those of a thousand containers would take a hundred megabytes.
 *
 * The bytes, every number LEB128. First twice the number of runs, plus 1 where the values are in tenths; then the lengths
 * of the runs, with and without values by turns, beginning with; no runs where every point has a value. Then the values,
 * each less the one before: `2 * difference`, or `-2 * difference - 1` where that is negative. For values that are equal
 * to the one before, a 0 and their number less one; left out where no other value follows. Before the first value is 0.
 */
export class ColumnWriter {
  #isTenths = false;
  #values: NumberWriter | undefined;
  #before = 0;
  #equal = 0;
  /** Lengths of runs that are over; undefined while every point has a value. */
  #runs: number[] | undefined;
  #runLength = 0;

  /** @param absent points without a value at its beginning */
  constructor(absent = 0) {
    if (absent > 0) this.#point(false, absent);
  }

  /** @param value kept to one decimal place, up to 2^50; NaN where there is none */
  append(value: number): void {
    const isPresent = !Number.isNaN(value);
    if (isPresent && !this.#isTenths && !Number.isInteger(value) && Math.abs(value) < MAX_IN_TENTHS) this.#useTenths();
    this.#point(isPresent, 1);
    if (isPresent) this.#appendScaled(this.#isTenths ? value * 10 : value);
  }

  /** The column so far. */
  bytes(): Uint8Array {
    const writer = new NumberWriter(8 + (this.#values?.length ?? 0));
    const runs = this.#runs ?? [];
    const isTenths = this.#isTenths ? 1 : 0;
    if (this.#runs === undefined) writer.unsigned(isTenths);
    else {
      writer.unsigned(2 * (runs.length + 1) + isTenths);
      for (const run of runs) writer.unsigned(run);
      writer.unsigned(this.#runLength);
    }
    if (this.#values !== undefined) writer.append(this.#values.written());
    return writer.written();
  }

  /** A column of its own with the same values. */
  copy(): ColumnWriter {
    const copy = new ColumnWriter();
    copy.#isTenths = this.#isTenths;
    copy.#values = this.#values?.copy();
    copy.#before = this.#before;
    copy.#equal = this.#equal;
    copy.#runs = this.#runs?.slice();
    copy.#runLength = this.#runLength;
    return copy;
  }

  #appendScaled(value: number): void {
    const scaled = Math.max(-MAX_SCALED, Math.min(MAX_SCALED, Math.round(value)));
    if (scaled === this.#before) {
      this.#equal++;
      return;
    }
    this.#values ??= new NumberWriter(8);
    if (this.#equal > 0) {
      this.#values.unsigned(0);
      this.#values.unsigned(this.#equal - 1);
      this.#equal = 0;
    }
    const difference = scaled - this.#before;
    this.#values.unsigned(difference > 0 ? 2 * difference : -2 * difference - 1);
    this.#before = scaled;
  }

  #point(isPresent: boolean, count: number): void {
    // Runs of present points have an even number.
    const isPresentNow = (this.#runs?.length ?? 0) % 2 === 0;
    if (isPresent !== isPresentNow) {
      this.#runs ??= [];
      this.#runs.push(this.#runLength);
      this.#runLength = 0;
    }
    this.#runLength += count;
  }

  #useTenths(): void {
    const points = (this.#runs ?? []).reduce((sum, run) => sum + run, this.#runLength);
    const values = readColumn(this.bytes(), points);
    this.#isTenths = true;
    this.#values = undefined;
    this.#before = 0;
    this.#equal = 0;
    for (const value of values) if (!Number.isNaN(value)) this.#appendScaled(value * 10);
  }
}

/** Greater values are kept as this one: twice the difference of two is an exact integer up to it. */
const MAX_SCALED = 2 ** 50;

/** Greater values are kept as integers. */
const MAX_IN_TENTHS = MAX_SCALED / 10;

/**
 * The values of a column; NaN where there is none.
 *
 * @param begin where its bytes begin, and `end` where they end, in `bytes`
 * @param values which they are written to, of so many points, whatever is in it
 * @throws {RangeError} for bytes that {@link ColumnWriter} did not make of so many points
 */
export function readColumn(
  bytes: Uint8Array,
  points: number,
  begin = 0,
  end = bytes.length,
  values: Float64Array = new Float64Array(points),
): Float64Array {
  // A series without a value other than 0.
  if (end - begin === 1 && (bytes[begin] as number) < 2) return values.fill(0);
  const reader = new NumberReader(bytes, begin, end);
  const head = reader.unsigned();
  const divisor = head % 2 === 1 ? 10 : 1;
  const runs = Math.floor(head / 2);
  if (runs > 0) markAbsent(values.fill(0), reader, runs);
  let before = 0;
  let index = 0;
  while (!reader.isAtEnd && index < points) {
    const token = reader.unsigned();
    let count = 1;
    if (token === 0) {
      count = reader.unsigned() + 1;
      if (count > points) throw new RangeError('a column has too many values');
    } else before += token % 2 === 0 ? token / 2 : -(token + 1) / 2;
    index = fill(values, index, count, before / divisor, runs > 0);
  }
  fill(values, index, points, before / divisor, runs > 0);
  if (!reader.isAtEnd) throw new RangeError('a column has too many values');
  return values;
}

/** Sets so many of the points that have a value, or as many as there are. @returns the point after the last of them */
function fill(values: Float64Array, from: number, count: number, value: number, hasAbsent: boolean): number {
  let index = from;
  for (let left = count; index < values.length; index++) {
    if (hasAbsent && Number.isNaN(values[index])) continue;
    if (left === 0) break;
    left--;
    values[index] = value;
  }
  return index;
}

function markAbsent(values: Float64Array, reader: NumberReader, runs: number): void {
  let at = 0;
  for (let index = 0; index < runs; index++) {
    const length = reader.unsigned();
    if (at + length > values.length) throw new RangeError('a column has too many points');
    if (index % 2 === 1) values.fill(Number.NaN, at, at + length);
    at += length;
  }
  if (at !== values.length) throw new RangeError('a column has too few points');
}
