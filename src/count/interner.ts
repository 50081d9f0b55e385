/** Small numbers for strings, so that a string can be a word of a key. 0 stands for null. */
export class Interner {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [];

  id(text: string | undefined): number {
    if (text === undefined) return 0;
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    this.#texts.push(text);
    this.#ids.set(text, this.#texts.length);
    return this.#texts.length;
  }

  text(id: number): string | null {
    return this.#texts[id - 1] ?? null;
  }
}
