/** Letters of a word for each edit of a suggestion, beyond the first: half of a short word changed is another word. */
const LETTERS_PER_EDIT = 3;
/** Largest edit distance of a suggestion. */
const CLOSE_ENOUGH = 2;

/** The end of an error about an unknown word: `; did you mean X?`, empty where no candidate is near. */
export function proposal(word: string, candidates: readonly string[]): string {
  const meant = nearest(word, candidates);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

/**
 * The candidate that a word may have meant, in any case: that with the smallest edit distance, else the shortest that
 * the word is the beginning of; undefined where none is near.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  let best: string | undefined;
  let least = Math.min(CLOSE_ENOUGH, Math.max(1, Math.floor(typed.length / LETTERS_PER_EDIT))) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(typed, candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best ?? shortestFrom(typed, candidates);
}

function shortestFrom(typed: string, candidates: readonly string[]): string | undefined {
  if (typed.length < LETTERS_PER_EDIT) return undefined;
  return candidates
    .filter((candidate) => candidate.toLowerCase().startsWith(typed))
    .reduce<string | undefined>(
      (best, one) => (best === undefined || one.length < best.length ? one : best),
      undefined,
    );
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
