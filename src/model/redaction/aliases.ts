import { formatIpv4, isMapped, parseIpv4, parseIpv6 } from '../socket/address.ts';

/** Aliases for names and addresses: the same input always has the same alias. */
export class Aliases {
  readonly #aliases = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** Alias of a name: `KIND-N`. */
  of(kind: string, name: string): string {
    return this.#alias(`${kind} ${name}`, () => `${kind}-${this.#next(kind)}`);
  }

  /** Alias of an id: hexadecimal, of the same length, so that it is still a valid id. */
  id(id: string): string {
    return this.#alias(`id ${id}`, () => this.#next('id').toString(16).padStart(id.length, '0'));
  }

  /** Alias of a PID: a number from 1 on in the order of appearance; 0 is no process. */
  pid(pid: number): number {
    return pid === 0 ? 0 : Number(this.#alias(`pid ${pid}`, () => String(this.#next('pid'))));
  }

  /** Alias of an address: a private one for a private address. Loopback and unspecified addresses are unchanged. A text that is not an address is treated as a name. */
  address(text: string): string {
    const word = parseIpv4(text);
    if (word !== undefined) return word === 0 || word >>> 24 === 127 ? text : this.#inet(text, word);
    const words = parseIpv6(text);
    if (words === undefined) return text === '' ? text : this.of('name', text);
    const [w0, w1, w2, w3] = words;
    if (isMapped(w0, w1, w2)) return `::ffff:${this.address(formatIpv4(w3))}`;
    if (w0 === 0 && w1 === 0 && w2 === 0 && w3 <= 1) return text;
    return this.#alias(`address ${text}`, () => {
      // Unique local (RFC 4193) and link-local addresses get a unique local alias, others one for documentation (RFC 3849).
      const isPrivate = w0 >>> 25 === 0xfc >>> 1 || w0 >>> 22 === 0xfe80 >>> 6;
      return `${isPrivate ? 'fdff:ffff' : '2001:db8:ffff'}::${this.#next('inet6').toString(16)}`;
    });
  }

  /** Private addresses: from the end of 10.0.0.0/8 downwards. Others: from 198.18.0.0/15 (RFC 2544), which is not routed on the Internet. */
  #inet(text: string, word: number): string {
    return this.#alias(`address ${text}`, () => {
      const isPrivate = word >>> 24 === 10 || word >>> 20 === 0xac1 || word >>> 16 === 0xc0a8 || word >>> 16 === 0xa9fe;
      return formatIpv4(isPrivate ? 0x0affffff - this.#next('private') : 0xc6120000 + this.#next('public'));
    });
  }

  #next(kind: string): number {
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    return number;
  }

  #alias(key: string, make: () => string): string {
    const known = this.#aliases.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#aliases.set(key, made);
    return made;
  }
}
