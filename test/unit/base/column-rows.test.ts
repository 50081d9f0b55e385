import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ColumnRows, NO_ROW, withRoomFor } from '../../../src/base/column-rows.ts';

describe('ColumnRows', () => {
  it('has what a Map has, whatever is added and deleted', () => {
    const step = fc.record({ adds: fc.boolean(), number: fc.oneof(fc.nat(40), fc.nat(2 ** 31), fc.maxSafeNat()) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const rows = new ColumnRows();
        const expected = new Map<number, number>();
        for (const { adds, number } of steps) {
          if (adds) {
            const row = rows.add(number);
            expect(row).toBe(expected.get(number) ?? row);
            expected.set(number, row);
          } else {
            expect(rows.delete(number)).toBe(expected.get(number) ?? NO_ROW);
            expected.delete(number);
          }
          expect(rows.size).toBe(expected.size);
        }
        for (const { number } of steps) expect(rows.of(number)).toBe(expected.get(number) ?? NO_ROW);
        const found = new Map<number, number>();
        rows.each((row, number) => found.set(number, row));
        expect(found).toEqual(new Map([...expected].sort((a, b) => a[1] - b[1])));
        // No two have the same row.
        expect(new Set(found.values()).size).toBe(expected.size);
      }),
    );
  });

  it('finds addresses of sockets, which differ in few bits, when others were deleted between them', () => {
    const rows = new ColumnRows();
    const addressOf = (index: number) => 0x888000000000 + index * 2368;
    for (let index = 0; index < 10_000; index++) rows.add(addressOf(index));
    for (let index = 0; index < 10_000; index += 3) rows.delete(addressOf(index));
    for (let index = 0; index < 10_000; index++) expect(rows.of(addressOf(index)) === NO_ROW).toBe(index % 3 === 0);
  });

  it('uses rows again: as many as there were numbers at once', () => {
    const rows = new ColumnRows();
    let highest = 0;
    for (let number = 0; number < 100_000; number++) {
      highest = Math.max(highest, rows.add(number));
      if (number >= 50) rows.delete(number - 50);
    }
    expect(rows.size).toBe(50);
    expect(highest).toBe(50);
  });

  it('is empty after it was cleared, and visits no row of before', () => {
    const rows = new ColumnRows();
    for (let number = 1; number < 30; number++) rows.add(number);
    rows.clear();
    expect(rows.size).toBe(0);
    expect(rows.of(7)).toBe(NO_ROW);
    expect(rows.add(99)).toBe(0);
    const found: number[] = [];
    rows.each((_, number) => found.push(number));
    expect(found).toEqual([99]);
  });

  it('visits all where each is deleted as it is visited', () => {
    const rows = new ColumnRows();
    for (let number = 1; number <= 100; number++) rows.add(number);
    let visited = 0;
    rows.each((_, number) => {
      visited++;
      rows.delete(number);
    });
    expect([visited, rows.size]).toEqual([100, 0]);
  });
});

it('withRoomFor: keeps what a column has', () => {
  const column = new Uint16Array([1, 2, 3]);
  expect(withRoomFor(column, 2)).toBe(column);
  const longer = withRoomFor(column, 99);
  expect(longer.length).toBe(100);
  expect([...longer.subarray(0, 4)]).toEqual([1, 2, 3, 0]);
});
