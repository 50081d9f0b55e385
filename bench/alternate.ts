import { type Summary, summarise } from './statistics.ts';

/** Does a thing once and gives the milliseconds that it took. */
export type Round = () => Promise<number>;

/** Two things measured in turn. */
export interface Pair {
  ours: Summary;
  theirs: Summary;
}

/**
 * Measures two things in turn, A B A B, so that what else the machine does falls on both alike.
 *
 * @param warmUp rounds of each that are not counted
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
