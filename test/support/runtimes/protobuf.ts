/** Messages of protobuf written by hand, https://protobuf.dev/programming-guides/encoding. Uses no code under test. */

/** A field: a text or bytes (wire type 2), or a number (wire type 0). */
export type WireField = readonly [number: number, value: string | Uint8Array | number | bigint];

/** A message with these fields, in order. */
export function encoded(...fields: readonly WireField[]): Buffer {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === 'number' || typeof value === 'bigint')
        return Buffer.concat([varint(BigInt(number) << 3n), varint(BigInt(value))]);
      const bytes = Buffer.from(value as string);
      return Buffer.concat([varint((BigInt(number) << 3n) | 2n), varint(BigInt(bytes.length)), bytes]);
    }),
  );
}

/** The entries of a map of texts, as fields with this number. */
export function mapFields(number: number, values: Readonly<Record<string, string>>): WireField[] {
  return Object.entries(values).map(([key, value]) => [number, encoded([1, key], [2, value])] as const);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}
