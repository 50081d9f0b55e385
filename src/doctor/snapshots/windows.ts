/**
 * A window counts as covered from this share of it on: ticks come a little early and late, the first one is taken
 * after the start, and a run of exactly the window's length must be long enough.
 */
const COVERED = 0.95;

/** Whether a time that was seen is long enough for a window, both in milliseconds. */
export function covers(seenMs: number, windowMs: number): boolean {
  return seenMs >= windowMs * COVERED;
}

/** Milliseconds from the first to the last of items in the order of time; 0 for fewer than two. */
export function spanOf(items: readonly { atMs: number }[]): number {
  const [first] = items;
  const last = items.at(-1);
  return first === undefined || last === undefined ? 0 : last.atMs - first.atMs;
}

/**
 * Of items in the order of time those that are evenly spaced over the last `windowMs` milliseconds: the nearest to
 * each boundary of `steps` equal parts.
 *
 * @returns undefined when they do not cover the window, or are fewer than the boundaries
 */
export function evenlySpaced<T extends { atMs: number }>(
  items: readonly T[],
  windowMs: number,
  steps: number,
): T[] | undefined {
  const spanMs = spanOf(items);
  if (!covers(spanMs, windowMs)) return undefined;
  const toMs = items.at(-1)?.atMs ?? 0;
  const partMs = Math.min(spanMs, windowMs) / steps;
  const picked: T[] = [];
  for (let step = 0; step <= steps; step++) {
    const item = nearestTo(items, toMs - partMs * (steps - step));
    if (item === undefined || item === picked.at(-1)) return undefined;
    picked.push(item);
  }
  return picked;
}

function nearestTo<T extends { atMs: number }>(items: readonly T[], atMs: number): T | undefined {
  const after = items.findIndex((item) => item.atMs >= atMs);
  const [before, next] = [items[after - 1], items[after]];
  if (before === undefined || next === undefined) return next ?? items.at(-1);
  return atMs - before.atMs < next.atMs - atMs ? before : next;
}
