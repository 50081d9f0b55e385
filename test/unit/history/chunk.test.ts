import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeChunk, encodeChunk, packChunk } from '../../../src/history/chunk.ts';
import { ColumnWriter } from '../../../src/history/column.ts';

const whole = fc.oneof(
  fc.constant(Number.NaN),
  fc.integer({ min: -50, max: 50 }),
  fc.maxSafeNat().map((n) => Math.floor(n / 8)),
);
const tenths = fc.integer({ min: -(2 ** 40), max: 2 ** 40 }).map((value) => value / 10);
const chunks = fc.integer({ min: 0, max: 70 }).chain((points) => {
  const column = fc.oneof(...[whole, tenths].map((value) => fc.array(value, { minLength: points, maxLength: points })));
  return fc
    .uniqueArray(fc.tuple(fc.nat(2 ** 31), column), { selector: ([id]) => id, maxLength: 40 })
    .map((entries) => ({ points, columns: new Map(entries.map(([id, values]) => [id, Float64Array.from(values)])) }));
});
interface Columns {
  points: number;
  columns: Map<number, Float64Array>;
}
function encoded({ points, columns }: Columns): Uint8Array {
  const writers = new Map<number, ColumnWriter>();
  for (const [id, values] of columns) {
    const writer = new ColumnWriter();
    for (const value of values) writer.append(value);
    writers.set(id, writer);
  }
  return encodeChunk(points, writers);
}
const asArrays = (columns: ReadonlyMap<number, Float64Array>) =>
  [...columns].sort(([a], [b]) => a - b).map(([id, values]) => [id, [...values]]);

test('what is decoded is what was encoded', () => {
  fc.assert(
    fc.property(chunks, (chunk) => {
      const decoded = decodeChunk(encoded(chunk));
      expect(decoded.points).toBe(chunk.points);
      expect(asArrays(decoded.columns)).toEqual(asArrays(chunk.columns));
      expect(decodeChunk(packChunk(encoded(chunk)))).toEqual(decoded);
    }),
  );
});

test('some columns alone', () => {
  const columns = new Map([1, 7, 30].map((id) => [id, Float64Array.of(id, id + 1, Number.NaN)]));
  const decoded = decodeChunk(encoded({ points: 3, columns }), new Set([7, 8]));
  expect(asArrays(decoded.columns)).toEqual([[7, [7, 8, Number.NaN]]]);
});

test('a value that does not change costs next to nothing', () => {
  const columns = new Map(Array.from({ length: 30 }, (_, id) => [id + 1, new Float64Array(60).fill(id)]));
  expect(encoded({ points: 60, columns }).length).toBeLessThan(30 * 60 * 0.15);
});

test('other bytes are refused, and never taken for numbers without end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeChunk(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
});

test('a chunk that is cut off anywhere is refused', () => {
  const columns = new Map([[3, Float64Array.of(1, 500, Number.NaN, 7.5)]]);
  const bytes = encoded({ points: 4, columns });
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeChunk(bytes.subarray(0, length)), String(length)).toThrow(RangeError);
  }
});

test('a series that begins later has no values before', () => {
  const late = new ColumnWriter(2);
  late.append(0);
  late.append(4);
  const { columns } = decodeChunk(encodeChunk(4, new Map([[1, late]])));
  expect(asArrays(columns)).toEqual([[1, [Number.NaN, Number.NaN, 0, 4]]]);
});
