/**
 * Of things in the order of time those that stand evenly over the last so many milliseconds: one for
 * each of `steps` equal parts, and the one before them all.
 *
 * @returns undefined when they do not reach so far back, or are fewer than the parts
 */
export function spaced<T extends { atMs: number }>(
  items: readonly T[],
  windowMs: number,
  steps: number,
): T[] | undefined {
  const toMs = items.at(-1)?.atMs;
  if (toMs === undefined || toMs - (items[0]?.atMs ?? toMs) < windowMs) return undefined;
  const picked: T[] = [];
  for (let step = 0; step <= steps; step++) {
    const byMs = toMs - (windowMs * (steps - step)) / steps;
    const item = items.findLast(({ atMs }) => atMs <= byMs);
    if (item === undefined || item === picked.at(-1)) return undefined;
    picked.push(item);
  }
  return picked;
}
