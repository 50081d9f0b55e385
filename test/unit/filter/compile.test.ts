import { describe, expect, it } from 'vitest';
import { encodeProgram } from '../../../src/filter/bytecode.ts';
import { compileForKernel } from '../../../src/filter/compile.ts';
import type { Condition, ConditionTree } from '../../../src/filter/condition.ts';
import { kernelPart } from '../../../src/filter/kernel-part.ts';
import { parsePrefix } from '../../../src/filter/prefix.ts';
import { atom, join, negate } from '../../../src/filter/tree.ts';
import { ALL_STATES } from '../../../src/model/socket/tcp-state.ts';

const peerPort = (first: number, last = first): ConditionTree =>
  atom({ kind: 'ports', side: 'peer', ranges: [{ first, last }] });
const localPort = (first: number, last = first): ConditionTree =>
  atom({ kind: 'ports', side: 'local', ranges: [{ first, last }] });
const states = (...numbers: number[]): ConditionTree =>
  atom({ kind: 'states', mask: numbers.reduce((mask, state) => mask | (1 << state), 0) });
const idle: ConditionTree = atom({ kind: 'measure', measure: 'idle', op: '>', value: 1 });
const mark: Condition = { kind: 'mark', mark: 5, mask: 0xff };

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

describe('the part of a filter that the kernel decides', () => {
  it('moves ports that every match has into the header, and requests only the states that can match', () => {
    expect(kernelPart(join('and', [peerPort(80), states(1)]))).toEqual({
      states: 1 << 1,
      peerPort: 80,
      tests: undefined,
    });
    expect(kernelPart(join('or', [peerPort(80), states(1)]))).toEqual({ states: ALL_STATES, tests: undefined });
    // In the header 0 is any port.
    expect(kernelPart(peerPort(0))).toMatchObject({ tests: { kind: 'atom' } });
  });

  it('drops what the kernel cannot decide from an "and", and a whole "or" with it', () => {
    const part = kernelPart(join('and', [idle, join('or', [peerPort(80), peerPort(81)])]));
    expect(part.tests).toMatchObject({ kind: 'or', nodes: [{ kind: 'atom' }, { kind: 'atom' }] });
    expect(kernelPart(join('or', [idle, peerPort(80)])).tests).toBeUndefined();
    // not (idle or port) is (not idle) and (not port): the kernel supports the second half.
    expect(kernelPart(negate(join('or', [idle, peerPort(80)]))).tests).toMatchObject({ kind: 'not' });
    expect(kernelPart(negate(join('and', [idle, peerPort(80)]))).tests).toBeUndefined();
  });

  it('follows states through "and", "or" and "not"', () => {
    expect(kernelPart(join('and', [states(1, 2), negate(states(2))])).states).toBe(1 << 1);
    expect(kernelPart(join('or', [states(1), join('and', [states(2, 3), states(3)])])).states).toBe(
      (1 << 1) | (1 << 3),
    );
    expect(kernelPart(negate(join('or', [states(1), idle]))).states).toBe(ALL_STATES & ~(1 << 1));
  });

  it('never compiles `not autobound`: the kernel is wrong for entries without a socket', () => {
    expect(kernelPart(negate(atom({ kind: 'autobound' }))).tests).toBeUndefined();
  });
});

// struct inet_diag_bc_op: code u8, yes u8, no u16 little endian; these are little-endian machines' bytes.
describe.runIf(new Uint8Array(new Uint16Array([1]).buffer)[0] === 1)('filter programs', () => {
  const newest = { newer: true, marks: true };

  it('one port: D_EQ with the port in a second instruction, or a host condition of any address', () => {
    const tests = atom({ kind: 'port', side: 'peer', op: '=', port: 3306 } as const);
    expect(hex(encodeProgram(tests, newest))).toBe('0c080c00' + '0004ea0c');
    // family 0, prefix length 0, padding, port 3306 as i32
    expect(hex(encodeProgram(tests, { newer: false, marks: false }))).toBe('080c1000' + '00000000' + 'ea0c0000');
  });

  it('or: the first failing test leads to the second, the first holding one to the end', () => {
    const port = (number: number) => atom({ kind: 'port', side: 'local', op: '>=', port: number } as const);
    expect(hex(encodeProgram(join('or', [port(1), port(2)]), newest))).toBe(
      '02080c00' +
        '00040100' + // S_GE 1, else 12 bytes on
        '01040c00' + // JMP to the end
        '02080c00' +
        '00040200', // S_GE 2, else 4 behind the end
    );
  });

  it('not: a jump out where the test holds', () => {
    const tests = negate(atom({ kind: 'device', index: 2 } as const));
    expect(hex(encodeProgram(tests, newest))).toBe('09080c00' + '02000000' + '01040800');
  });

  it('addresses in network order, prefix lengths in bits', () => {
    const prefix = parsePrefix('10.9.0.0/16');
    if (prefix === undefined) throw new Error('no prefix');
    const tests = atom({ kind: 'host', side: 'local', prefix } as const);
    expect(hex(encodeProgram(tests, newest))).toBe('07101400' + '02100000' + 'ffffffff' + '0a090000');
  });

  it('for older kernels fewer tests, and never stronger ones', () => {
    const both = join<Condition>('and', [atom(mark), localPort(1, 2)]);
    const [all, plain, ...more] = compileForKernel(both).kernel.programs;
    expect(hex(all)).toContain('0a0c');
    expect(hex(plain)).toBe('02081400000401000308' + '0c0000040200');
    expect(more).toEqual([]);
    expect(compileForKernel(join<Condition>('or', [atom(mark), localPort(1, 2)])).kernel.programs).toHaveLength(1);
  });

  it('a filter that is too long for a program is left to socklens', () => {
    const ranges = Array.from({ length: 9000 }, (_, index) => ({ first: index * 2, last: index * 2 }));
    const part = compileForKernel(atom({ kind: 'ports', side: 'local', ranges }));
    expect(part.kernel.programs).toEqual([]);
  });
});
