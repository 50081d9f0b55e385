import { HOST_LITTLE_ENDIAN, viewOf } from '../base/byte-order.ts';

/** struct btf_header, include/uapi/linux/btf.h. */
const HEADER = { magic: 0, length: 4, typeOffset: 8, typeLength: 12, stringOffset: 16 } as const;
const MAGIC = 0xeb9f;

/** Values of BTF_KIND_*. */
const KIND = { STRUCT: 4, UNION: 5, TYPEDEF: 8, VOLATILE: 9, CONST: 10, TYPE_TAG: 18 } as const;

/** Bytes of struct btf_type: name u32, info u32, size or type u32. */
const TYPE_SIZE = 12;
/** Bytes of struct btf_member: name u32, type u32, offset u32. */
const MEMBER_SIZE = 12;

/** Bytes after struct btf_type by kind, and for each of its `vlen` elements; 0 for kinds that are not listed. */
const EXTRA: Readonly<Record<number, { fixed?: number; each?: number }>> = {
  1: { fixed: 4 },
  3: { fixed: 12 },
  4: { each: MEMBER_SIZE },
  5: { each: MEMBER_SIZE },
  6: { each: 8 },
  13: { each: 8 },
  14: { fixed: 4 },
  15: { each: 12 },
  17: { fixed: 4 },
  19: { each: 12 },
};
const LAST_KIND = 19;

/** The kernel's types differ from those that the program reads. */
export class BtfError extends Error {
  override readonly name = 'BtfError';
}

/**
 * The types of a running kernel, as `/sys/kernel/btf/vmlinux` has them (BPF Type Format,
 * Documentation/bpf/btf.rst): gives the offsets of the members of its structures.
 */
export class Btf {
  readonly #view: DataView;
  readonly #strings: number;
  /** Offset of each type, by its id; 0 is void. */
  readonly #types: number[] = [0];

  /** @throws {BtfError} for bytes that are not BTF, or a kind of type that is not known */
  constructor(bytes: Uint8Array) {
    this.#view = viewOf(bytes);
    if (bytes.byteLength < 24 || this.#view.getUint16(HEADER.magic, HOST_LITTLE_ENDIAN) !== MAGIC)
      throw new BtfError('not BTF data');
    const headerLength = this.#u32(HEADER.length);
    this.#strings = headerLength + this.#u32(HEADER.stringOffset);
    const from = headerLength + this.#u32(HEADER.typeOffset);
    const to = from + this.#u32(HEADER.typeLength);
    if (to > bytes.byteLength || this.#strings > bytes.byteLength) throw new BtfError('truncated BTF data');
    for (let at = from; at < to; at += this.#sizeAt(at)) this.#types.push(at);
  }

  /**
   * Offset of a member in bytes from the beginning of the structure. Members of anonymous structures and
   * unions count as the structure's own, as in C.
   *
   * @param path names of members, each within the previous one: `['__sk_common', 'skc_net', 'net']`
   * @throws {BtfError} when there is no such structure or member, or the member is a bit field
   */
  offsetOf(structure: string, path: readonly string[]): number {
    let type = this.#structure(structure);
    let offset = 0;
    for (const name of path) {
      const member = this.#member(type, name);
      if (member === undefined) throw new BtfError(`struct ${structure} has no ${path.join('.')}`);
      if (member.bit % 8 !== 0) throw new BtfError(`${path.join('.')} of struct ${structure} is a bit field`);
      offset += member.bit / 8;
      type = member.type;
    }
    return offset;
  }

  #structure(name: string): number {
    for (let id = 1; id < this.#types.length; id++) {
      const at = this.#types[id] ?? 0;
      if (this.#kind(at) === KIND.STRUCT && this.#isNamed(at, name)) return id;
    }
    throw new BtfError(`there is no struct ${name}`);
  }

  #member(type: number, name: string): { type: number; bit: number } | undefined {
    const at = this.#types[this.#resolved(type)] ?? 0;
    const kind = this.#kind(at);
    if (kind !== KIND.STRUCT && kind !== KIND.UNION) return undefined;
    const bitField = this.#u32(at + 4) >>> 31 === 1;
    for (let index = 0; index < this.#count(at); index++) {
      const member = at + TYPE_SIZE + index * MEMBER_SIZE;
      const memberType = this.#u32(member + 4);
      const offset = this.#u32(member + 8);
      // With the kind flag the upper eight bits are the size of a bit field, 0 for none.
      if (this.#isNamed(member, name)) return { type: memberType, bit: bitField ? bitOf(offset) : offset };
      if (this.#u32(member) !== 0) continue;
      const inner = this.#member(memberType, name);
      if (inner !== undefined) return { type: inner.type, bit: (bitField ? offset & 0xff_ffff : offset) + inner.bit };
    }
    return undefined;
  }

  /** A type with typedefs and qualifiers resolved. */
  #resolved(type: number): number {
    let id = type;
    for (;;) {
      const at = this.#types[id] ?? 0;
      const kind = at === 0 ? 0 : this.#kind(at);
      const { TYPEDEF, VOLATILE, CONST, TYPE_TAG } = KIND;
      if (kind !== TYPEDEF && kind !== VOLATILE && kind !== CONST && kind !== TYPE_TAG) return id;
      id = this.#u32(at + 8);
    }
  }

  #sizeAt(at: number): number {
    const kind = this.#kind(at);
    if (kind === 0 || kind > LAST_KIND) throw new BtfError(`a type is of kind ${kind}, which is not known`);
    const { fixed = 0, each = 0 } = EXTRA[kind] ?? {};
    return TYPE_SIZE + fixed + each * this.#count(at);
  }

  #kind(at: number): number {
    return (this.#u32(at + 4) >>> 24) & 0x1f;
  }

  #count(at: number): number {
    return this.#u32(at + 4) & 0xffff;
  }

  /** Whether a type's or member's name, its first field, is this one; names end with a zero byte. */
  #isNamed(at: number, name: string): boolean {
    const from = this.#strings + this.#u32(at);
    if (from + name.length >= this.#view.byteLength) return false;
    for (let index = 0; index < name.length; index++)
      if (this.#view.getUint8(from + index) !== name.charCodeAt(index)) return false;
    return this.#view.getUint8(from + name.length) === 0;
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, HOST_LITTLE_ENDIAN);
  }
}

/**
 * Offset of a member in bits, where the upper eight bits are the size of a bit field. A bit field gets the offset 1,
 * which is not a whole byte, so that {@link Btf.offsetOf} refuses it.
 */
function bitOf(offset: number): number {
  return offset >>> 24 === 0 ? offset : 1;
}
