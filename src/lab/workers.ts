/** A queue for work that takes time but no processor: `count` pieces run at the same time, the others wait. */
export class Workers {
  readonly #count: number;
  readonly #queue: { ms: number; done: () => void }[] = [];
  #busy = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** Calls `done` when a worker has spent `ms` on it. */
  spend(ms: number, done: () => void): void {
    this.#queue.push({ ms, done });
    this.#next();
  }

  #next(): void {
    if (this.#busy >= this.#count) return;
    const work = this.#queue.shift();
    if (work === undefined) return;
    this.#busy++;
    setTimeout(() => {
      this.#busy--;
      work.done();
      this.#next();
    }, work.ms);
  }
}
