import { parseIpv4, parseIpv6 } from '../model/socket/address.ts';
import { type Address, AddressInterner } from '../model/socket/interned-address.ts';

/** Parses textual addresses, each text once. */
export class InternedAddresses {
  readonly #interner = new AddressInterner();
  readonly #known = new Map<string, Address>();

  /** The address of a text, the same object for the same text; 0.0.0.0 or :: for a text that is not an address. */
  readonly of = (text: string): Address => {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const made = text.includes(':')
      ? this.#interner.inet6(...(parseIpv6(text) ?? ([0, 0, 0, 0] as const)))
      : this.#interner.inet(parseIpv4(text) ?? 0);
    this.#known.set(text, made);
    return made;
  };
}
