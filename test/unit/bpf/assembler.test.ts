import { describe, expect, it } from 'vitest';
import { Assembler, R0, R1, R2, R3, R4 } from '../../../src/bpf/assembler.ts';
import { BtfError, type KernelTypes } from '../../../src/bpf/kernel-types.ts';
import { RecordLayout } from '../../../src/bpf/record-layout.ts';
import { disassemble } from '../../support/disassemble.ts';

const MEMBERS: Readonly<Record<string, [offset: number, size: number]>> = {
  'sock.__sk_common.skc_state': [18, 1],
  'sock.__sk_common.skc_dport': [12, 2],
  'sock.__sk_common.skc_net.net': [48, 8],
  'sock.__sk_common.skc_v6_daddr': [56, 16],
  'net.ns.inum': [176, 4],
  'sock.three': [40, 3],
};

const types: KernelTypes = {
  member: (structure, path) => {
    const [offset, size] = MEMBERS[`${structure}.${path}`] ?? [];
    if (offset === undefined || size === undefined) throw new BtfError(`no ${structure}.${path}`);
    return { offset, size };
  },
  id: () => 1,
  parameters: () => 0,
  enumerators: () => ({}),
};

const LAYOUT = new RecordLayout({
  netns: 'u64',
  pid: 'u32',
  port: 'be16',
  state: 'u8',
  rest: 'u8',
  address: { bytes: 16 },
});

/** The bytes as `llvm-objdump -d` shows those of a little-endian program. */
function hex(program: Assembler): string[] {
  return Buffer.from(program.instructions()).toString('hex').match(/.{16}/g) as string[];
}

const lines = (program: Assembler) => disassemble(program.instructions());

describe('Assembler', () => {
  it('encodes as the instruction set defines', () => {
    const program = new Assembler(types);
    const saved = program.calleeSaved('saved');
    const place = program.stack(8);
    program
      .load(8, saved, { base: R1, offset: 0 })
      .load(2, R1, place)
      .set(R1, saved)
      .calculate(R1, '+', -8)
      .calculate(R1, '&', 15)
      .calculate(R1, '<<', 3)
      .calculate(R2, '+', R1)
      .set(R3, -1)
      .atomicAdd({ base: R2, offset: 16 }, R3)
      .store(4, place, 7)
      .store(1, place, R4)
      .call('map_lookup_elem', { mapFd: 5 })
      .exit();
    expect(hex(program)).toEqual([
      '7916000000000000',
      '69a1f8ff00000000',
      'bf61000000000000',
      '07010000f8ffffff',
      '570100000f000000',
      '6701000003000000',
      '0f12000000000000',
      'b7030000ffffffff',
      'db32100000000000',
      '620af8ff07000000',
      '734af8ff00000000',
      '1811000005000000',
      '0000000000000000',
      '8500000001000000',
      '9500000000000000',
    ]);
  });

  it('jumps forward over instructions, comparing with numbers and registers', () => {
    const program = new Assembler(types);
    program.jumpIf(R0, '==', 0, 'end').jumpIf(R1, '!=', R2, 'middle').jump('end');
    program.label('middle').jumpIf(R1, '>=', 10, 'end').jumpIf(R1, '&', 2, 'end').jumpIf(R1, '<', R2, 'end');
    program.label('end').exit(0);
    expect(hex(program).slice(0, 3)).toEqual(['1500050000000000', '5d21010000000000', '0500030000000000']);
    expect(lines(program)).toEqual([
      'if r0 == 0 goto 6',
      'if r1 != r2 goto 3',
      'goto 6',
      'if r1 >= 10 goto 6',
      'if r1 & 2 goto 6',
      'if r1 < r2 goto 6',
      'r0 = 0',
      'exit',
    ]);
  });

  it('takes offset and width of a member from the kernel: one load', () => {
    const program = new Assembler(types);
    const sk = program.calleeSaved('sk');
    program.read(R1, sk, 'sock', '__sk_common.skc_state');
    program.read(R2, sk, 'sock', '__sk_common.skc_net.net').read(R2, R2, 'net', 'ns.inum');
    expect(lines(program)).toEqual(['r1 = *(u8 *)(r6 + 18)', 'r2 = *(u64 *)(r6 + 48)', 'r2 = *(u32 *)(r2 + 176)']);
  });

  it('writes a record where its layout has the fields', () => {
    const program = new Assembler(types);
    const sk = program.calleeSaved('sk');
    const record = program.stackRecord(LAYOUT);
    program.put(record, 'pid', R1).put(record, 'state', 3).clear(record, 'address');
    program.copy(record, 'port', sk, 'sock', '__sk_common.skc_dport');
    program.copy(record, 'address', sk, 'sock', '__sk_common.skc_v6_daddr');
    // Narrower than its field: zero-extended.
    program.copy(record, 'netns', R2, 'net', 'ns.inum', R2);
    expect(lines(program)).toEqual([
      '*(u32 *)(r10 - 24) = r1',
      '*(u8 *)(r10 - 18) = 3',
      '*(u64 *)(r10 - 16) = 0',
      '*(u64 *)(r10 - 8) = 0',
      'r1 = *(u16 *)(r6 + 12)',
      '*(u16 *)(r10 - 20) = r1',
      'r1 = *(u64 *)(r6 + 56)',
      '*(u64 *)(r10 - 16) = r1',
      'r1 = *(u64 *)(r6 + 64)',
      '*(u64 *)(r10 - 8) = r1',
      'r2 = *(u32 *)(r2 + 176)',
      '*(u64 *)(r10 - 32) = r2',
    ]);
    const ring = new Assembler(types);
    ring.put({ base: R0, offset: 0, layout: LAYOUT }, 'port', R1);
    expect(lines(ring)).toEqual(['*(u16 *)(r0 + 12) = r1']);
  });

  it('reads through a pointer of unknown type with probe_read_kernel', () => {
    const program = new Assembler(types);
    const sk = program.calleeSaved('sk');
    const record = program.stackRecord(LAYOUT);
    program.probeRead(R2, sk, 'sock', '__sk_common.skc_state');
    program.probeCopy(record, 'address', sk, 'sock', '__sk_common.skc_v6_daddr');
    expect(lines(program)).toEqual([
      'r3 = r6',
      'r3 += 18',
      'r1 = r10',
      'r1 += -40',
      'r2 = 1',
      'call 113',
      'r2 = *(u8 *)(r10 - 40)',
      'r3 = r6',
      'r3 += 56',
      'r1 = r10',
      'r1 += -16',
      'r2 = 16',
      'call 113',
    ]);
  });

  it('passes arguments in their order, and refuses one that is already overwritten', () => {
    const program = new Assembler(types);
    const saved = program.calleeSaved('saved');
    const place = program.stack(16);
    program.call('seq_write', saved, { address: place }, 16);
    expect(lines(program)).toEqual(['r1 = r6', 'r2 = r10', 'r2 += -16', 'r3 = 16', 'call 127']);
    expect(lines(new Assembler(types).call('skc_to_tcp_sock', R1))).toEqual(['call 137']);
    expect(() => new Assembler(types).call('seq_write', saved, R1)).toThrow('R1, which an earlier argument overwrites');
  });

  it.each<[what: string, assemble: (program: Assembler) => unknown, message: string]>([
    ['a jump to no label', (program) => program.jumpIf(R0, '==', 0, 'nowhere').instructions(), 'no label nowhere'],
    ['a loop', (program) => program.label('again').jump('again'), 'no loops'],
    ['two labels of a name', (program) => program.label('a').label('a'), 'two labels a'],
    ['a member that is no word', (program) => program.read(R1, R1, 'sock', 'three'), 'three has 3 bytes'],
    ['an unknown member', (program) => program.read(R1, R1, 'sock', 'four'), 'no sock.four'],
    [
      'a field that is too small',
      (program) => program.copy(program.stackRecord(LAYOUT), 'state', R1, 'net', 'ns.inum'),
      'ns.inum has 4 bytes, state 1',
    ],
    [
      'a fifth register',
      (program) => ['a', 'b', 'c', 'd', 'e'].map((name) => program.calleeSaved(name)),
      'no register for e: a, b, c, d have all',
    ],
    ['too much stack', (program) => program.stack(513), '512 bytes of stack'],
    ['a number that does not fit', (program) => program.set(R1, 2 ** 31).instructions(), 'exceeds 32 bits'],
    [
      'an offset that does not fit',
      (program) => program.load(8, R1, { base: R1, offset: 2 ** 15 }).instructions(),
      'exceeds 16 bits',
    ],
    [
      'a program nobody can review',
      (program) => {
        for (let count = 0; count < 121; count++) program.set(R0, 0);
        return program.instructions();
      },
      '121 instructions, more than 120',
    ],
  ])('%s is refused', (_, assemble, message) => {
    expect(() => assemble(new Assembler(types))).toThrow(message);
  });
});
