/** Mean, least and greatest value of a series in one step of a tier; three times the same where it was measured once. */
export interface Point {
  mean: number;
  min: number;
  max: number;
}

/** A value that was measured once. @param high what it was before at most; undefined where that is not known */
export function pointOf(value: number, high: number | undefined): Point {
  return { mean: value, min: value, max: Math.max(value, high ?? value) };
}

/** The values of a series in a chunk. */
export interface PointColumns {
  mean: Float64Array;
  min: Float64Array;
  max: Float64Array;
}
