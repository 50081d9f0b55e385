import { expect, it } from 'vitest';
import { Assembler } from '../../../src/bpf/instructions.ts';

/** As `llvm-objdump -d` shows the bytes of a little-endian program. */
function hex(program: Assembler): string[] {
  return [...program.bytes()]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .match(/.{16}/g) as string[];
}

it('encodes as the instruction set defines', () => {
  const program = new Assembler()
    .load(8, 6, 1, 0)
    .load(2, 1, 10, -8)
    .copy(1, 10)
    .add(1, -8)
    .and(1, 15)
    .shiftLeft(1, 3)
    .addRegister(2, 1)
    .set(3, -1)
    .atomicAdd(2, 16, 3)
    .loadMap(1, 5)
    .call(113)
    .exit();
  expect(hex(program)).toEqual([
    '7916000000000000',
    '69a1f8ff00000000',
    'bfa1000000000000',
    '07010000f8ffffff',
    '570100000f000000',
    '6701000003000000',
    '0f12000000000000',
    'b7030000ffffffff',
    'db32100000000000',
    '1811000005000000',
    '0000000000000000',
    '8500000071000000',
    '9500000000000000',
  ]);
});

it('jumps over instructions', () => {
  const program = new Assembler()
    .jumpIf(0, '==', 0, 'end')
    .jumpIf(7, '!=', 10, 'end')
    .loadMap(1, 3)
    .label('end')
    .exit();
  expect(hex(program).slice(0, 2)).toEqual(['1500030000000000', '550702000a000000']);
});

it('a jump to an unknown label is refused', () => {
  expect(() => new Assembler().jumpIf(0, '==', 0, 'nowhere').exit().bytes()).toThrow('nowhere');
});
