/** Gives each string a small number, so that a 32-bit key word can stand for a string. */
export class Interner {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [];

  /** The number of a string, from 1 on; 0 for undefined. */
  id(text: string | undefined): number {
    if (text === undefined) return 0;
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    this.#texts.push(text);
    this.#ids.set(text, this.#texts.length);
    return this.#texts.length;
  }

  /** The string of a number; null for 0. */
  text(id: number): string | null {
    return this.#texts[id - 1] ?? null;
  }
}
