import { parseIpv4, parseIpv6 } from '../model/socket/address.ts';
import { type Address, AddressInterner } from '../model/socket/interned-address.ts';
import type { Column } from '../model/socket/socket-columns.ts';
import { type Cell, textsOf } from './cells.ts';

/** Interns addresses by their texts, each of which is parsed once. */
export class AddressTexts {
  readonly #interner = new AddressInterner();
  readonly #known = new Map<string, Address>();

  /** The same object for the same text; 0.0.0.0 or :: for what is no address. */
  readonly of = (text: string): Address => {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const made = text.includes(':')
      ? this.#interner.inet6(...(parseIpv6(text) ?? ([0, 0, 0, 0] as const)))
      : this.#interner.inet(parseIpv4(text) ?? 0);
    this.#known.set(text, made);
    return made;
  };

  /** A field of addresses as texts; null for what is no text. @returns undefined for what is no column */
  column(cells: readonly Cell[] | undefined): Column<Address> {
    const texts = textsOf(cells);
    return texts?.map((text) => (text === null ? null : this.of(text)));
  }
}
