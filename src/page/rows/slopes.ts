/** Within this time a number must have been seen to tell how fast it grows. */
const SHORTEST_MS = 60_000;
const LONGEST_MS = 180_000;
/** Distance of two values that are kept. */
const STEP_MS = 5000;

/** How fast a number of each row grows, by the ticks of the last minutes. */
export class Slopes {
  readonly #seen = new Map<string, { atMs: number; value: number }[]>();

  /** Takes one number of a row. */
  add(name: string, atMs: number, value: number): void {
    const values = this.#seen.get(name) ?? [];
    if (values.length === 0) this.#seen.set(name, values);
    if (atMs - (values.at(-1)?.atMs ?? 0) < STEP_MS) return;
    values.push({ atMs, value });
    while (atMs - (values[0]?.atMs ?? atMs) > LONGEST_MS) values.shift();
  }

  /** Growth per minute, rounded; undefined where it was not seen for long enough. */
  perMinute(name: string): number | undefined {
    const values = this.#seen.get(name) ?? [];
    const [first, last] = [values[0], values.at(-1)];
    if (first === undefined || last === undefined || last.atMs - first.atMs < SHORTEST_MS) return undefined;
    return Math.round(((last.value - first.value) * 60_000) / (last.atMs - first.atMs));
  }
}
