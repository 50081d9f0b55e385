import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Btf } from '../../../src/bpf/btf.ts';
import { BtfError } from '../../../src/bpf/kernel-types.ts';

const KERNEL = '/sys/kernel/btf/vmlinux';
const KIND = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  TYPEDEF: 8,
  CONST: 10,
  FUNC: 12,
  FUNC_PROTO: 13,
};

/**
 * A type: its kind, name, size or type; for structures the members: name, type, offset in bits; for functions their
 * parameters and for enumerations their constants: name, type or value.
 */
interface Type {
  kind: number;
  name?: string;
  sizeOrType: number;
  bitFields?: boolean;
  members?: [name: string, type: number, bit: number][];
  pairs?: [name: string, typeOrValue: number][];
  extra?: number[];
}

/** The bytes of a BTF of these types, the first of which has the id 1: Documentation/bpf/btf.rst. */
function btf(types: readonly Type[]): Uint8Array {
  let strings = '\0';
  const nameOf = (name = '') => {
    if (name === '') return 0;
    const at = strings.length;
    strings += `${name}\0`;
    return at;
  };
  const words = types.flatMap(({ kind, name, sizeOrType, bitFields = false, members = [], pairs = [], extra = [] }) => [
    nameOf(name),
    ((bitFields ? 0x80 : 0) + kind) * 2 ** 24 + members.length + pairs.length,
    sizeOrType,
    ...extra,
    ...members.flatMap(([member, type, bit]) => [nameOf(member), type, bit]),
    ...pairs.flatMap(([element, value]) => [nameOf(element), value]),
  ]);
  const body = Uint8Array.from(new Uint8Array(Uint32Array.from(words).buffer));
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f, 0);
  header.writeUInt8(1, 2);
  [24, 0, body.length, body.length, strings.length].forEach((value, index) => {
    header.writeUInt32LE(value, 4 + index * 4);
  });
  return Buffer.concat([header, body, Buffer.from(strings)]);
}

const TYPES: Type[] = [
  { kind: KIND.INT, name: 'u32', sizeOrType: 4, extra: [32] },
  {
    kind: KIND.STRUCT,
    name: 'inner',
    sizeOrType: 8,
    members: [
      ['a', 1, 0],
      ['b', 1, 32],
    ],
  },
  { kind: KIND.TYPEDEF, name: 'inner_t', sizeOrType: 2 },
  { kind: KIND.CONST, sizeOrType: 3 },
  {
    kind: KIND.UNION,
    sizeOrType: 4,
    members: [
      ['left', 1, 0],
      ['right', 1, 0],
    ],
  },
  {
    kind: KIND.STRUCT,
    name: 'outer',
    sizeOrType: 24,
    members: [
      ['first', 1, 0],
      ['in', 4, 64],
      ['', 5, 128],
    ],
  },
  {
    kind: KIND.STRUCT,
    name: 'bits',
    sizeOrType: 8,
    bitFields: true,
    members: [
      ['whole', 1, 32],
      ['part', 1, (4 << 24) | 8],
    ],
  },
  { kind: KIND.PTR, sizeOrType: 6 },
  { kind: KIND.ARRAY, sizeOrType: 0, extra: [2, 1, 3] },
  {
    kind: KIND.STRUCT,
    name: 'more',
    sizeOrType: 32,
    members: [
      ['pointer', 8, 0],
      ['array', 9, 64],
    ],
  },
  { kind: KIND.FUNC, name: 'run', sizeOrType: 0 },
  {
    kind: KIND.FUNC_PROTO,
    sizeOrType: 1,
    pairs: [
      ['__data', 8],
      ['sk', 8],
      ['reason', 1],
    ],
  },
  { kind: KIND.PTR, sizeOrType: 12 },
  { kind: KIND.TYPEDEF, name: 'btf_trace_reset', sizeOrType: 13 },
  { kind: KIND.FUNC, name: 'accept', sizeOrType: 12 },
  {
    kind: KIND.ENUM,
    name: 'reasons',
    sizeOrType: 4,
    pairs: [
      ['NOT_SPECIFIED', 0],
      ['NO_SOCKET', 7],
      ['ERROR', 0xffff_ffff],
    ],
  },
];

describe('Btf', () => {
  const types = new Btf(btf(TYPES));

  it('finds members, through other names and qualifiers, and those of nameless unions', () => {
    expect(types.member('inner', 'b')).toEqual({ offset: 4, size: 4 });
    expect(types.member('outer', 'in.b')).toEqual({ offset: 12, size: 4 });
    expect(types.member('outer', 'right')).toEqual({ offset: 16, size: 4 });
    expect(types.member('bits', 'whole')).toEqual({ offset: 4, size: 4 });
  });

  it('knows the sizes of structures, pointers and arrays', () => {
    expect(types.member('outer', 'in')).toEqual({ offset: 8, size: 8 });
    expect(types.member('more', 'pointer')).toEqual({ offset: 0, size: 8 });
    expect(types.member('more', 'array')).toEqual({ offset: 8, size: 24 });
  });

  it('knows how many arguments a function has, and a tracepoint beside its own', () => {
    expect(types.parameters('func', 'accept')).toBe(3);
    expect(types.parameters('typedef', 'btf_trace_reset')).toBe(2);
    expect(() => types.parameters('func', 'none')).toThrow(BtfError);
  });

  it('knows the constants of an enumeration, negative ones too', () => {
    expect(types.enumerators('reasons')).toEqual({ NOT_SPECIFIED: 0, NO_SOCKET: 7, ERROR: -1 });
    expect(() => types.enumerators('inner')).toThrow('no enum inner');
  });

  it('knows the ids of functions and typedefs', () => {
    expect(types.id('typedef', 'inner_t')).toBe(3);
    expect(types.id('func', 'run')).toBe(11);
    // Names are of one kind.
    expect(() => types.id('func', 'inner_t')).toThrow('no func inner_t');
  });

  it.each([
    ['none', 'a', 'no struct none'],
    ['inner', 'c', 'struct inner has no c'],
    // A member of no structure has none.
    ['outer', 'first.a', 'struct outer has no first.a'],
    ['bits', 'part', 'is a bit field'],
    // Only the whole name counts.
    ['inn', 'a', 'no struct inn'],
  ])('struct %s, %s: refused', (structure, path, message) => {
    expect(() => types.member(structure, path)).toThrow(message);
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['something else', new Uint8Array(100)],
    ['a part', btf(TYPES).subarray(0, 60)],
    ['a kind that is not known', btf([{ kind: 25, name: 'x', sizeOrType: 0 }])],
  ])('%s is refused', (_, bytes) => {
    expect(() => new Btf(bytes)).toThrow(BtfError);
  });

  it.skipIf(!fs.existsSync(KERNEL))('reads the types of this kernel', () => {
    const kernel = new Btf(fs.readFileSync(KERNEL));
    // Promised by include/net/sock.h: sk_node and skc_node share their offset, skc_addrpair is the first.
    expect(kernel.member('sock', '__sk_common.skc_daddr')).toEqual({ offset: 0, size: 4 });
    expect(kernel.member('sock_common', 'skc_rcv_saddr')).toEqual({ offset: 4, size: 4 });
    expect(kernel.member('sock_common', 'skc_family')).toEqual({ offset: 16, size: 2 });
    expect(kernel.member('sock_common', 'skc_v6_daddr').size).toBe(16);
    // TASK_COMM_LEN, include/linux/sched.h.
    expect(kernel.member('task_struct', 'comm').size).toBe(16);
  });
});
