import { type LabelSet, NO_LABELS } from './label-set.ts';

/** `sent`: arrived; `refused`: the receiver does not want them; `retried`: an attempt failed; `dropped`: too old, or no room. */
export type PushWord = 'sent' | 'refused' | 'retried' | 'dropped';

/** Counts samples that were pushed. */
export class PushCounter {
  readonly #counts = new Map<PushWord, number>();
  /** What waits on disk; undefined where nothing is pushed. */
  pendingBytes: (() => number) | undefined;

  add(result: PushWord, samples: number): void {
    this.#counts.set(result, (this.#counts.get(result) ?? 0) + samples);
  }

  each(emit: (labels: LabelSet, samples: number) => void): void {
    for (const [result, samples] of this.#counts) emit(NO_LABELS.with('result', result), samples);
  }
}
