import { HOST_LITTLE_ENDIAN, viewOf } from '../base/byte-order.ts';
import { BtfError, type KernelTypes, type Member, type NamedKind } from './kernel-types.ts';

/** struct btf_header, include/uapi/linux/btf.h. */
const HEADER = { magic: 0, length: 4, typeOffset: 8, typeLength: 12, stringOffset: 16 } as const;
const HEADER_BYTES = 24;
const MAGIC = 0xeb9f;

/** Values of BTF_KIND_*. */
const KIND = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  FLOAT: 16,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const;
const LAST_KIND = KIND.ENUM64;

/** Kinds that are another name or a qualifier of the type that they refer to. */
const REFERENCES: readonly number[] = [KIND.TYPEDEF, KIND.VOLATILE, KIND.CONST, KIND.RESTRICT, KIND.TYPE_TAG];
/** Kinds whose second field is their size in bytes. */
const SIZED: readonly number[] = [KIND.INT, KIND.STRUCT, KIND.UNION, KIND.ENUM, KIND.FLOAT, KIND.ENUM64];

/*
 * Everything after the header is words of 32 bits. struct btf_type: name, info, size or type. struct btf_member: name,
 * type, offset. struct btf_array: type of an element, type of the index, number of elements.
 */
const TYPE_WORDS = 3;
const MEMBER_WORDS = 3;
/** struct btf_enum: name, value. */
const ENUMERATOR_WORDS = 2;
const ARRAY = { elementType: TYPE_WORDS, count: TYPE_WORDS + 2 } as const;

/** Words after struct btf_type by kind, and for each of its `vlen` elements. */
const FIXED_WORDS = wordsByKind([
  [KIND.INT, 1],
  [KIND.ARRAY, 3],
  [KIND.VAR, 1],
  [KIND.DECL_TAG, 1],
]);
const ELEMENT_WORDS = wordsByKind([
  [KIND.STRUCT, MEMBER_WORDS],
  [KIND.UNION, MEMBER_WORDS],
  [KIND.ENUM, ENUMERATOR_WORDS],
  [KIND.FUNC_PROTO, 2],
  [KIND.DATASEC, 3],
  [KIND.ENUM64, 3],
]);

/** Bytes of a pointer: eBPF's own, on every machine that runs typed programs. */
const POINTER_BYTES = 8;

/**
 * The types of a running kernel, as `/sys/kernel/btf/vmlinux` has them (BPF Type Format,
 * Documentation/bpf/btf.rst). Only the positions of types are read ahead, 5.5 MB in some 5 ms; names are compared when
 * one is asked for.
 */
export class Btf implements KernelTypes {
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  /** Offset of the names, bytes. */
  readonly #strings: number;
  /** Index of the first word of each type, by its id; 0 is void. */
  readonly #types: Uint32Array;
  /** Ids of structures, functions, typedefs and enumerations, each kind in one list. */
  readonly #byKind = new Map<number, number[]>();

  /** @throws {BtfError} for bytes that are not BTF of this machine's byte order, or a kind of type that is not known */
  constructor(bytes: Uint8Array) {
    if (bytes.byteLength < HEADER_BYTES) throw new BtfError('not BTF data');
    const header = viewOf(bytes);
    if (header.getUint16(HEADER.magic, HOST_LITTLE_ENDIAN) !== MAGIC) throw new BtfError('not BTF data');
    const field = (offset: number) => header.getUint32(offset, HOST_LITTLE_ENDIAN);
    const from = field(HEADER.length) + field(HEADER.typeOffset);
    const to = from + field(HEADER.typeLength);
    this.#strings = field(HEADER.length) + field(HEADER.stringOffset);
    if (to > bytes.byteLength || this.#strings > bytes.byteLength) throw new BtfError('truncated BTF data');
    if (from % 4 !== 0) throw new BtfError('BTF types that are not aligned to four bytes');
    this.#bytes = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    this.#words = new Uint32Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength >>> 2);
    this.#types = this.#positions(from >>> 2, to >>> 2);
  }

  member(structure: string, path: string): Member {
    let type = this.#find(KIND.STRUCT, structure);
    if (type === undefined) throw new BtfError(`the kernel has no struct ${structure}`);
    let bit = 0;
    for (const name of path.split('.')) {
      const member = this.#memberOf(type, name);
      if (member === undefined) throw new BtfError(`the kernel's struct ${structure} has no ${path}`);
      if (member.isBitField) throw new BtfError(`${path} of the kernel's struct ${structure} is a bit field`);
      bit += member.bit;
      type = member.type;
    }
    return { offset: bit / 8, size: this.#sizeOf(type) };
  }

  id(kind: NamedKind, name: string): number {
    const id = this.#find(kind === 'func' ? KIND.FUNC : KIND.TYPEDEF, name);
    if (id === undefined) throw new BtfError(`the kernel has no ${kind} ${name}`);
    return id;
  }

  parameters(kind: NamedKind, name: string): number {
    const type = this.#words[(this.#types[this.id(kind, name)] ?? 0) + 2] ?? 0;
    if (kind === 'func') return this.#elements(type);
    // A typedef of a pointer to a function, whose first argument is the tracepoint's own.
    const pointer = this.#types[this.#resolved(type)] ?? 0;
    return this.#elements(this.#words[pointer + 2] ?? 0) - 1;
  }

  enumerators(name: string): Readonly<Record<string, number>> {
    const id = this.#find(KIND.ENUM, name);
    if (id === undefined) throw new BtfError(`the kernel has no enum ${name}`);
    const first = (this.#types[id] ?? 0) + TYPE_WORDS;
    return Object.fromEntries(
      Array.from({ length: this.#elements(id) }, (_, index) => {
        const at = first + index * ENUMERATOR_WORDS;
        return [this.#nameAt(at), (this.#words[at + 1] ?? 0) | 0];
      }),
    );
  }

  /** Members, arguments or constants of a type. */
  #elements(type: number): number {
    return (this.#words[(this.#types[type] ?? 0) + 1] ?? 0) & 0xffff;
  }

  #nameAt(at: number): string {
    const from = this.#strings + (this.#words[at] ?? 0);
    const bytes = this.#bytes.subarray(from, this.#bytes.indexOf(0, from));
    return String.fromCharCode(...bytes);
  }

  #positions(from: number, to: number): Uint32Array {
    const words = this.#words;
    const positions = new Uint32Array(Math.floor((to - from) / TYPE_WORDS) + 1);
    const lists = [KIND.STRUCT, KIND.FUNC, KIND.TYPEDEF, KIND.ENUM].map((kind) => {
      const ids: number[] = [];
      this.#byKind.set(kind, ids);
      return [kind, ids] as const;
    });
    const listOf: (number[] | undefined)[] = Array.from({ length: LAST_KIND + 1 });
    for (const [kind, ids] of lists) listOf[kind] = ids;
    let id = 1;
    for (let at = from; at < to; id++) {
      positions[id] = at;
      const info = words[at + 1] ?? 0;
      const kind = kindOf(info);
      if (kind === 0 || kind > LAST_KIND) throw new BtfError(`a type is of kind ${kind}, which is not known`);
      listOf[kind]?.push(id);
      at += TYPE_WORDS + (FIXED_WORDS[kind] ?? 0) + (ELEMENT_WORDS[kind] ?? 0) * (info & 0xffff);
    }
    return positions.subarray(0, id);
  }

  #find(kind: number, name: string): number | undefined {
    return this.#byKind.get(kind)?.find((id) => this.#isNamed(this.#types[id] ?? 0, name));
  }

  #memberOf(type: number, name: string): { type: number; bit: number; isBitField: boolean } | undefined {
    const at = this.#types[this.#resolved(type)] ?? 0;
    const info = this.#words[at + 1] ?? 0;
    const kind = kindOf(info);
    if (kind !== KIND.STRUCT && kind !== KIND.UNION) return undefined;
    // With the kind flag the upper eight bits of an offset are the size of a bit field, 0 for none.
    const hasBitFields = info >>> 31 === 1;
    for (let index = 0; index < (info & 0xffff); index++) {
      const member = at + TYPE_WORDS + index * MEMBER_WORDS;
      const memberType = this.#words[member + 1] ?? 0;
      const offset = this.#words[member + 2] ?? 0;
      const bit = hasBitFields ? offset & 0xff_ffff : offset;
      const isBitField = (hasBitFields && offset >>> 24 !== 0) || bit % 8 !== 0;
      if (this.#isNamed(member, name)) return { type: memberType, bit, isBitField };
      if (this.#words[member] !== 0) continue;
      const inner = this.#memberOf(memberType, name);
      if (inner !== undefined) return { ...inner, bit: bit + inner.bit };
    }
    return undefined;
  }

  #sizeOf(type: number): number {
    const at = this.#types[this.#resolved(type)] ?? 0;
    const kind = at === 0 ? 0 : kindOf(this.#words[at + 1] ?? 0);
    if (kind === KIND.PTR) return POINTER_BYTES;
    if (kind === KIND.ARRAY)
      return this.#sizeOf(this.#words[at + ARRAY.elementType] ?? 0) * (this.#words[at + ARRAY.count] ?? 0);
    if (SIZED.includes(kind)) return this.#words[at + 2] ?? 0;
    throw new BtfError(`a type of kind ${kind} has no size`);
  }

  /** A type without typedefs and qualifiers. */
  #resolved(type: number): number {
    let id = type;
    for (;;) {
      const at = this.#types[id] ?? 0;
      if (at === 0 || !REFERENCES.includes(kindOf(this.#words[at + 1] ?? 0))) return id;
      id = this.#words[at + 2] ?? 0;
    }
  }

  /** Whether the name of a type or member, its first word, is this one; names end with a zero byte. */
  #isNamed(at: number, name: string): boolean {
    const from = this.#strings + (this.#words[at] ?? 0);
    const bytes = this.#bytes;
    for (let index = 0; index < name.length; index++) if (bytes[from + index] !== name.charCodeAt(index)) return false;
    return bytes[from + name.length] === 0;
  }
}

/** BTF_INFO_KIND of a type's second word. */
function kindOf(info: number): number {
  return (info >>> 24) & 0x1f;
}

function wordsByKind(entries: readonly [kind: number, words: number][]): Uint8Array {
  const words = new Uint8Array(LAST_KIND + 1);
  for (const [kind, count] of entries) words[kind] = count;
  return words;
}
