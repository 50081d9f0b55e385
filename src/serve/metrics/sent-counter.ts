import { LabelSet } from './label-set.ts';

/** Counts what was sent somewhere, by where and with which result. */
export class SentCounter {
  readonly #counts = new Map<string, { labels: LabelSet; count: number }>();

  /**
   * @param receiver its configured name
   * @param result a fixed word: `sent`, `failed`, `refused`
   */
  add(receiver: string, result: string, count = 1): void {
    const key = `${receiver} ${result}`;
    const known = this.#counts.get(key);
    if (known !== undefined) known.count += count;
    else this.#counts.set(key, { labels: labelsOf(receiver, result), count });
  }

  each(emit: (labels: LabelSet, count: number) => void): void {
    for (const { labels, count } of this.#counts.values()) emit(labels, count);
  }
}

function labelsOf(receiver: string, result: string): LabelSet {
  return new LabelSet([
    ['receiver', receiver],
    ['result', result],
  ]);
}
