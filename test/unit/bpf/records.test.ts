import { describe, expect, it } from 'vitest';
import { RecordLayout } from '../../../src/bpf/record-layout.ts';
import { ColumnMemory, RecordTable } from '../../../src/bpf/record-table.ts';

const LAYOUT = new RecordLayout({
  inode: 'u64',
  pid: 'u32',
  port: 'be16',
  flags: 'u16',
  state: 'u8',
  name: { bytes: 7 },
});

/** Two records, written by hand from the layout of a C structure with these fields, and the beginning of a third. */
const BYTES = Buffer.concat([
  Buffer.from('0100000002000000' + '2a000000' + '1f90' + '0102' + '0a' + '6e67696e780000', 'hex'),
  Buffer.from('ffffffffffff0f00' + 'ffffffff' + '0050' + '0000' + '01' + '61626364656667', 'hex'),
  Buffer.from('0100', 'hex'),
]);

describe('records', () => {
  it('have the offsets of a C structure', () => {
    expect(LAYOUT.size).toBe(24);
    expect(LAYOUT.place('name')).toEqual({ type: { bytes: 7 }, offset: 17, size: 7 });
  });

  // Received bytes can begin anywhere in a buffer.
  it.each([0, 3])('are decoded into columns (byte offset %i)', (shift) => {
    const buffer = new Uint8Array(BYTES.length + shift);
    buffer.set(BYTES, shift);
    const table = new RecordTable(LAYOUT, buffer.subarray(shift));
    expect(table.rows).toBe(2);
    expect(table.column('inode')).toEqual(Float64Array.of(0x2_0000_0001, 2 ** 52 - 1));
    expect(table.column('pid')).toEqual(Uint32Array.of(42, 0xffff_ffff));
    expect(table.column('port')).toEqual(Uint16Array.of(8080, 80));
    expect(table.column('flags')).toEqual(Uint16Array.of(0x201, 0));
    expect(table.column('state')).toEqual(Uint8Array.of(10, 1));
    expect(Buffer.from(table.column('name')).toString('latin1')).toBe('nginx\0\0abcdefg');
    expect([table.text('name', 0), table.text('name', 1)]).toEqual(['nginx', 'abcdefg']);
    expect(table.column('pid')).toBe(table.column('pid'));
  });

  it('of tables that share memory are those of the table that was made last', () => {
    const memory = new ColumnMemory();
    const [first, second] = [BYTES.subarray(0, LAYOUT.size), BYTES.subarray(LAYOUT.size, 2 * LAYOUT.size)];
    // More records than before, then fewer: the memory grows, and the rest of it is no part of a column.
    for (const records of [[first], [second, first, second], [], [first, second]]) {
      const table = new RecordTable(LAYOUT, Buffer.concat(records), memory);
      const isFirst = records.map((record) => record === first);
      expect([...table.column('inode')]).toEqual(isFirst.map((is) => (is ? 0x2_0000_0001 : 2 ** 52 - 1)));
      expect([...table.column('pid')]).toEqual(isFirst.map((is) => (is ? 42 : 0xffff_ffff)));
      expect([...table.column('port')]).toEqual(isFirst.map((is) => (is ? 8080 : 80)));
      expect([...table.column('state')]).toEqual(isFirst.map((is) => (is ? 10 : 1)));
      const names = isFirst.map((is) => (is ? 'nginx\0\0' : 'abcdefg')).join('');
      expect(Buffer.from(table.column('name')).toString('latin1')).toBe(names);
    }
  });

  it('a layout with a gap is refused', () => {
    expect(() => new RecordLayout({ a: 'u8', b: 'u32' })).toThrow('field b is not aligned');
    expect(() => new RecordLayout({ a: 'u32' })).toThrow('a record of 4 bytes');
  });
});
