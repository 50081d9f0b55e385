import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyTable } from '../../../src/count/key-table.ts';

describe('KeyTable', () => {
  it('counts every key once, also many and similar ones', () => {
    const table = new KeyTable(3);
    const expected = new Map<string, number>();
    for (let round = 0; round < 30_000; round++) {
      const key = [round % 97, (round % 89) << 24, round % 2 === 0 ? 0 : 0xffffffff];
      table.key.set(key);
      table.count();
      const text = key.map((word) => word >>> 0).join();
      expected.set(text, (expected.get(text) ?? 0) + 1);
    }
    expect(table.size).toBe(expected.size);
    expect(countsOf(table)).toEqual(expected);
  });

  it('separates keys that differ in one bit of one word', () => {
    const table = new KeyTable(4);
    for (let bit = 0; bit < 128; bit++) {
      table.key.fill(0);
      table.key[bit >>> 5] = 1 << (bit & 31);
      table.count();
    }
    expect(table.size).toBe(128);
    expect(new Set(countsOf(table).values())).toEqual(new Set([1]));
  });

  it('keeps counts and order when it grows', () => {
    const table = new KeyTable(1);
    for (const _ of [1, 2]) {
      for (let word = 0; word < 5000; word++) {
        table.key[0] = word * 4096;
        table.count();
      }
    }
    const words: number[] = [];
    table.each(([word = 0], count) => {
      words.push(word);
      expect(count).toBe(2);
    });
    expect(words).toEqual(Array.from({ length: 5000 }, (_, word) => word * 4096));
  });

  it('has the counts of a map, for any keys of any width', () => {
    const keys = fc
      .integer({ min: 1, max: 6 })
      .chain((width) =>
        fc.tuple(
          fc.constant(width),
          fc.array(
            fc.tuple(
              fc.array(fc.integer({ min: 0, max: 3 }), { minLength: width, maxLength: width }),
              fc.integer({ min: 1, max: 5 }),
            ),
            { maxLength: 300 },
          ),
        ),
      );
    fc.assert(
      fc.property(keys, ([width, counted]) => {
        const table = new KeyTable(width);
        const expected = new Map<string, number>();
        for (const [key, sockets] of counted) {
          table.key.set(key);
          table.count(sockets);
          expected.set(key.join(), (expected.get(key.join()) ?? 0) + sockets);
        }
        expect(countsOf(table)).toEqual(expected);
      }),
    );
  });
});

function countsOf(table: KeyTable): Map<string, number> {
  const counts = new Map<string, number>();
  table.each((key, count) => counts.set([...key].join(), count));
  return counts;
}
