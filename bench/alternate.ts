import { type Summary, summarise } from './statistics.ts';

/** Runs one side of a comparison once and returns the elapsed time in milliseconds. */
export type Round = () => Promise<number>;

/** Times of both sides of a comparison, in milliseconds. */
export interface Pair {
  ours: Summary;
  theirs: Summary;
}

/**
 * Measures two sides in turn, A B A B, so that other load on the machine affects both alike.
 *
 * @param warmUp rounds of each side before the counted ones
 */
export async function alternate(ours: Round, theirs: Round, rounds: number, warmUp = 1): Promise<Pair> {
  const times: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  for (let round = -warmUp; round < rounds; round++) {
    const [a, b] = [await ours(), await theirs()];
    if (round < 0) continue;
    times.ours.push(a);
    times.theirs.push(b);
  }
  return { ours: summarise(times.ours), theirs: summarise(times.theirs) };
}
