/** Times of several rounds of one thing, in milliseconds. */
export interface Summary {
  median: number;
  min: number;
  max: number;
  rounds: number;
}

/** @throws without any value */
export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) throw new Error('no round was measured');
  return { median: middle(sorted), min, max, rounds: sorted.length };
}

function middle(sorted: readonly number[]): number {
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
}
