/** Initial number of slots; always a power of two. Few: `serve` has several tables for each of a thousand containers. */
const FIRST_SLOTS = 16;

/**
 * Counts by keys of a fixed number of 32-bit words: an open-addressing hash table over typed
 * arrays, so that counting a hundred thousand sockets allocates no object for any of them.
 */
export class KeyTable {
  readonly #width: number;
  /** The caller writes a key here before it calls {@link count}. */
  readonly key: Uint32Array;
  #slots = new Int32Array(FIRST_SLOTS).fill(-1);
  #keys: Uint32Array;
  #counts = new Uint32Array(FIRST_SLOTS);
  #size = 0;

  /** @param width words of a key */
  constructor(width: number) {
    this.#width = width;
    this.key = new Uint32Array(width);
    this.#keys = new Uint32Array(FIRST_SLOTS * width);
  }

  /** Number of different keys. */
  get size(): number {
    return this.#size;
  }

  /** Adds to the count of the key in {@link key}. */
  count(sockets = 1): void {
    const group = this.index();
    this.#counts[group] = (this.#counts[group] ?? 0) + sockets;
  }

  /** Visits the groups in the order of first occurrence. The key is a view, valid during the visit. */
  each(visit: (key: Uint32Array, count: number) => void): void {
    for (let group = 0; group < this.#size; group++) {
      const at = group * this.#width;
      visit(this.#keys.subarray(at, at + this.#width), this.#counts[group] ?? 0);
    }
  }

  /** The key of a group, by its index: a view, valid until a group is added. */
  keyOf(group: number): Uint32Array {
    return this.#keys.subarray(group * this.#width, (group + 1) * this.#width);
  }

  /** Index of the group of {@link key}, from 0 in the order of first occurrence; adds the group, with a count of 0, when it is new. */
  index(): number {
    const mask = this.#slots.length - 1;
    for (let slot = this.#hash() & mask; ; slot = (slot + 1) & mask) {
      const group = this.#slots[slot] as number;
      if (group < 0) return this.#add(slot);
      if (this.#equals(group)) return group;
    }
  }

  #add(slot: number): number {
    const group = this.#size++;
    this.#slots[slot] = group;
    this.#keys.set(this.key, group * this.#width);
    this.#counts[group] = 0;
    // A load factor of one half keeps probe sequences short.
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    return group;
  }

  #equals(group: number): boolean {
    const at = group * this.#width;
    for (let word = 0; word < this.#width; word++) if (this.#keys[at + word] !== this.key[word]) return false;
    return true;
  }

  /** Multiply-and-rotate over the words, with the finaliser of MurmurHash3. */
  #hash(words: Uint32Array = this.key, at = 0): number {
    let hash = 0;
    for (let word = 0; word < this.#width; word++) {
      hash = Math.imul(hash ^ (words[at + word] as number), 0xcc9e2d51);
      hash = (hash << 13) | (hash >>> 19);
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const keys = new Uint32Array(slots.length * this.#width);
    keys.set(this.#keys);
    const counts = new Uint32Array(slots.length);
    counts.set(this.#counts);
    const mask = slots.length - 1;
    for (let group = 0; group < this.#size; group++) {
      let slot = this.#hash(keys, group * this.#width) & mask;
      while ((slots[slot] as number) >= 0) slot = (slot + 1) & mask;
      slots[slot] = group;
    }
    this.#slots = slots;
    this.#keys = keys;
    this.#counts = counts;
  }
}
