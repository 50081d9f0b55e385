/** Most points of a line in a report and its charts. */
const MOST_POINTS = 2000;

/** Indexes of at most `most` values that represent a line: the highest of each section, so that no peak is lost; all of a short line. */
export function thinnedIndexes(values: readonly number[], most = MOST_POINTS): number[] {
  if (values.length <= most) return values.map((_, index) => index);
  const indexes: number[] = [];
  for (let section = 0; section < most; section++) {
    const from = Math.floor((section * values.length) / most);
    const to = Math.floor(((section + 1) * values.length) / most);
    let best = from;
    for (let index = from; index < to; index++) if ((values[index] ?? 0) > (values[best] ?? 0)) best = index;
    indexes.push(best);
  }
  return indexes;
}
