import { parseIpv4, parseIpv6 } from '../model/socket/address.ts';
import { type Address, AddressInterner } from '../model/socket/interned-address.ts';

/** Addresses by their texts, each read once. */
export class KeptAddresses {
  readonly #book = new AddressInterner();
  readonly #known = new Map<string, Address>();

  /** The same for the same text; 0.0.0.0 or :: for what is no address. */
  readonly of = (text: string): Address => {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const made = text.includes(':')
      ? this.#book.inet6(...(parseIpv6(text) ?? ([0, 0, 0, 0] as const)))
      : this.#book.inet(parseIpv4(text) ?? 0);
    this.#known.set(text, made);
    return made;
  };
}
