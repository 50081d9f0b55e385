/** More points than this no picture shows. */
const MOST_POINTS = 2000;

/** Which of some values to keep: of each stretch the highest, so that no peak is lost; all where they are few. */
export function kept(values: readonly number[], most = MOST_POINTS): number[] {
  if (values.length <= most) return values.map((_, index) => index);
  const indexes: number[] = [];
  for (let stretch = 0; stretch < most; stretch++) {
    const from = Math.floor((stretch * values.length) / most);
    const to = Math.floor(((stretch + 1) * values.length) / most);
    let best = from;
    for (let index = from; index < to; index++) if ((values[index] ?? 0) > (values[best] ?? 0)) best = index;
    indexes.push(best);
  }
  return indexes;
}
