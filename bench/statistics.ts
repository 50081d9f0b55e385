/** Summary of several rounds, in the unit of its values. */
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

/**
 * Confidence interval (95 %) of the median, for any distribution: the order statistics that a binomial distribution
 * with p = 0.5 leaves outside with a probability of at most 2.5 % on each side.
 *
 * @returns the minimum and the maximum where there are too few values for that confidence
 */
export function medianInterval(values: readonly number[]): [low: number, high: number] {
  const sorted = [...values].sort((a, b) => a - b);
  let outside = -1;
  let ways = 1;
  let chance = 0.5 ** sorted.length;
  for (let heads = 0; chance <= 0.025; heads++) {
    outside = heads;
    ways *= (sorted.length - heads) / (heads + 1);
    chance += ways * 0.5 ** sorted.length;
  }
  const skipped = Math.max(outside, 0);
  return [sorted[skipped] ?? Number.NaN, sorted[sorted.length - 1 - skipped] ?? Number.NaN];
}
