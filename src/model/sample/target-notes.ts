import { NOT_ROOT } from './coverage.ts';

/**
 * The notes of several targets as lines to print. A note that concerns several targets, or the whole run, is one line
 * without a name; any other starts with the name of its target.
 */
export class TargetNotes {
  /** Names of targets by note, in the order in which the notes were added. */
  readonly #targets = new Map<string, Set<string>>();

  add(target: string, notes: readonly string[]): void {
    for (const note of notes) {
      const known = this.#targets.get(note);
      if (known === undefined) this.#targets.set(note, new Set([target]));
      else known.add(target);
    }
  }

  lines(): string[] {
    return [...this.#targets].map(([note, [first, second]]) =>
      second !== undefined || note === NOT_ROOT ? note : `${first}: ${note}`,
    );
  }
}
