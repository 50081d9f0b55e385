import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { NumberReader, NumberWriter } from './bytes.ts';
import { type ColumnWriter, readColumn } from './column.ts';
import type { ColumnArrays } from './column-arrays.ts';

/** More points than any chunk has. */
const MAX_POINTS = 10_000;

/** First byte of a packed chunk, which no other has. What follows is deflated. */
const PACKED = 0;

/** More bytes than any chunk has. */
const MAX_BYTES = 16 << 20;

/**
 * Columns of several series of one container, over the same points. The bytes, every number LEB128: points plus 1, columns,
 * then for each column, in the order of their ids, the id less the one before and the length of its bytes; then the
 * columns. A reader of some columns skips the others.
 *
 * @param columns by the id of their series
 */
export function encodeChunk(points: number, columns: ReadonlyMap<number, ColumnWriter>): Uint8Array {
  const head = new NumberWriter(256);
  const body: Uint8Array[] = [];
  head.unsigned(points + 1);
  head.unsigned(columns.size);
  let before = 0;
  for (const [id, column] of [...columns].sort(([a], [b]) => a - b)) {
    const bytes = column.bytes();
    head.unsigned(id - before);
    head.unsigned(bytes.length);
    body.push(bytes);
    before = id;
  }
  for (const bytes of body) head.append(bytes);
  return head.written();
}

/** A chunk in two thirds of its bytes, for what is seldom read. {@link decodeChunk} takes it. */
export function packChunk(bytes: Uint8Array): Uint8Array {
  const deflated = deflateRawSync(bytes);
  const packed = new Uint8Array(1 + deflated.length);
  packed[0] = PACKED;
  packed.set(deflated, 1);
  return packed;
}

function unpacked(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== PACKED) return bytes;
  try {
    return inflateRawSync(bytes.subarray(1), { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    throw new RangeError('a packed chunk is damaged', { cause });
  }
}

/** What {@link decodeChunk} found. */
export interface Chunk {
  /** How many points each column has. */
  points: number;
  /** Values by the id of their series; NaN where there is none. */
  columns: Map<number, Float64Array>;
}

/**
 * The columns of a chunk.
 *
 * @param wanted the series to decode; undefined for all
 * @param arrays for its columns; undefined for their own
 * @param stored what {@link encodeChunk} or {@link packChunk} wrote
 * @throws {RangeError} for other bytes
 */
export function decodeChunk(stored: Uint8Array, wanted?: ReadonlySet<number>, arrays?: ColumnArrays): Chunk {
  const bytes = unpacked(stored);
  const head = new NumberReader(bytes);
  const points = head.unsigned() - 1;
  const count = head.unsigned();
  if (points < 0 || points > MAX_POINTS) throw new RangeError(`a chunk of ${points} points`);
  // Each has two bytes at least in the directory.
  if (count * 2 > bytes.length) throw new RangeError(`${count} columns in ${bytes.length} bytes`);
  const directory = new NumberReader(bytes, head.position);
  for (let index = 0; index < 2 * count; index++) head.unsigned();
  const columns = new Map<number, Float64Array>();
  let id = 0;
  let at = head.position;
  for (let index = 0; index < count; index++) {
    id += directory.unsigned();
    const length = directory.unsigned();
    if (at + length > bytes.length) throw new RangeError('a column is cut off');
    if (wanted?.has(id) ?? true) columns.set(id, readColumn(bytes, points, at, at + length, arrays?.take(points)));
    at += length;
  }
  return { points, columns };
}
