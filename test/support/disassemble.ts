/**
 * The instructions of an eBPF program as text, as llvm-objdump(1) writes them. Decodes from the numbers of
 * Documentation/bpf/standardization/instruction-set.rst, independently of the assembler.
 */
const WIDTHS: Readonly<Record<number, number>> = { 0: 32, 1: 16, 2: 8, 3: 64 };
const ARITHMETIC: Readonly<Record<number, string>> = {
  0: '+=',
  1: '-=',
  2: '*=',
  3: '/=',
  4: '|=',
  5: '&=',
  6: '<<=',
  7: '>>=',
  10: '^=',
  11: '=',
};
const JUMPS: Readonly<Record<number, string>> = {
  1: '==',
  2: '>',
  3: '>=',
  4: '&',
  5: '!=',
  10: '<',
  11: '<=',
};

/** One line an instruction; a jump names its destination as the number of that line, from 0. */
export function disassemble(program: Uint8Array): string[] {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const lines: string[] = [];
  for (let at = 0; at < program.byteLength; at += 8) {
    const code = view.getUint8(at);
    const registers = view.getUint8(at + 1);
    const line = {
      code,
      to: registers & 15,
      from: registers >> 4,
      offset: view.getInt16(at + 2, true),
      immediate: view.getInt32(at + 4, true),
      index: at / 8,
    };
    if (code === 0x18) {
      lines.push(`r${line.to} = ${line.from === 1 ? 'map' : 'imm64'} ${line.immediate} ll`);
      at += 8;
      lines.push('');
    } else lines.push(text(line));
  }
  return lines;
}

type Line = Record<'code' | 'to' | 'from' | 'offset' | 'immediate' | 'index', number>;

function text({ code, to, from, offset, immediate, index }: Line): string {
  if (code === 0xdc) return `r${to} = be${immediate} r${to}`;
  const operand = (code & 8) === 0 ? String(immediate) : `r${from}`;
  const operation = code >> 4;
  const memory = (register: number) => {
    const sign = offset < 0 ? '-' : '+';
    return `*(u${WIDTHS[(code >> 3) & 3]} *)(r${register} ${sign} ${Math.abs(offset)})`;
  };
  switch (code & 7) {
    case 1:
      return `r${to} = ${memory(from)}`;
    case 2:
      return `${memory(to)} = ${immediate}`;
    case 3:
      return code >> 5 === 6 ? `lock ${memory(to)} += r${from}` : `${memory(to)} = r${from}`;
    case 5:
      if (code === 0x85) return `call ${immediate}`;
      if (code === 0x95) return 'exit';
      if (code === 0x05) return `goto ${index + 1 + offset}`;
      return `if r${to} ${JUMPS[operation]} ${operand} goto ${index + 1 + offset}`;
    case 7:
      return `r${to} ${ARITHMETIC[operation]} ${operand}`;
    default:
      throw new Error(`code ${code} is not known`);
  }
}
