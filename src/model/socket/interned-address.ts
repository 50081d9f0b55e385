import { formatIpv4, formatIpv6, isMapped } from './address.ts';

/** An interned IP address: sockets with the same address share it and its text. */
export interface Address {
  readonly family: 'inet' | 'inet6';
  /** One 32-bit word for IPv4, four for IPv6; the first byte of the address most significant. */
  readonly words: readonly number[];
  /** As inet_ntop(3) writes it. */
  readonly text: string;
  /** The form of the address by which names are looked up: an IPv4-mapped one as plain IPv4. */
  readonly plain: string;
}

/** Interns addresses: returns the same {@link Address} for the same words. */
export class AddressInterner {
  readonly #inet = new Map<number, Address>();
  readonly #inet6 = new Map<string, Address>();

  /** How many addresses it has made. */
  get size(): number {
    return this.#inet.size + this.#inet6.size;
  }

  /** The IPv4 address of a word. */
  inet(word: number): Address {
    const known = this.#inet.get(word);
    if (known !== undefined) return known;
    const text = formatIpv4(word);
    const made: Address = { family: 'inet', words: [word], text, plain: text };
    this.#inet.set(word, made);
    return made;
  }

  /** The IPv6 address of four words. */
  inet6(w0: number, w1: number, w2: number, w3: number): Address {
    const key = `${w0}:${w1}:${w2}:${w3}`;
    const known = this.#inet6.get(key);
    if (known !== undefined) return known;
    const text = formatIpv6(w0, w1, w2, w3);
    const plain = isMapped(w0, w1, w2) ? formatIpv4(w3) : text;
    const made: Address = { family: 'inet6', words: [w0, w1, w2, w3], text, plain };
    this.#inet6.set(key, made);
    return made;
  }
}
