/**
 * Values under three keys each, as a map in a map in a map: with tens of thousands of sockets to put together,
 * making a text of the three for each of them would be most of the work.
 */
export class Triples<A, B, V> {
  readonly #maps = new Map<A, Map<B, Map<number, V>>>();
  readonly #values: V[] = [];

  /** The value under three keys; made where there is none yet. */
  at(a: A, b: B, c: number, make: () => V): V {
    let inner = this.#maps.get(a);
    if (inner === undefined) {
      inner = new Map();
      this.#maps.set(a, inner);
    }
    let last = inner.get(b);
    if (last === undefined) {
      last = new Map();
      inner.set(b, last);
    }
    const known = last.get(c);
    if (known !== undefined) return known;
    const made = make();
    last.set(c, made);
    this.#values.push(made);
    return made;
  }

  /** In the order of creation. */
  values(): readonly V[] {
    return this.#values;
  }
}
