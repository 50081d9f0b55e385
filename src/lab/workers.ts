/** Work that takes time and not the processor: so many pieces at once, the others in line. */
export class Workers {
  readonly #count: number;
  readonly #line: { ms: number; done: () => void }[] = [];
  #busy = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** Calls `done` when a worker has spent `ms` on it. */
  spend(ms: number, done: () => void): void {
    this.#line.push({ ms, done });
    this.#next();
  }

  #next(): void {
    if (this.#busy >= this.#count) return;
    const work = this.#line.shift();
    if (work === undefined) return;
    this.#busy++;
    setTimeout(() => {
      this.#busy--;
      work.done();
      this.#next();
    }, work.ms);
  }
}
