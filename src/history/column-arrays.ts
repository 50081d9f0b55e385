/**
 * Arrays for the columns of a chunk, which are those of the next one too: to allocate memory outside V8's heap for each
 * column takes longer than to decode it.
 */
export class ColumnArrays {
  readonly #ofLength = new Map<number, { arrays: Float64Array[]; used: number }>();

  /** @returns an array of so many points, not zeroed, valid until {@link reset} */
  take(points: number): Float64Array {
    let ofLength = this.#ofLength.get(points);
    if (ofLength === undefined) {
      ofLength = { arrays: [], used: 0 };
      this.#ofLength.set(points, ofLength);
    }
    let array = ofLength.arrays[ofLength.used];
    if (array === undefined) {
      array = new Float64Array(points);
      ofLength.arrays.push(array);
    }
    ofLength.used++;
    return array;
  }

  /** All arrays may be taken again. */
  reset(): void {
    for (const ofLength of this.#ofLength.values()) ofLength.used = 0;
  }
}
