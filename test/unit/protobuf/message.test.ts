import { expect, test } from 'vitest';
import {
  bool,
  bytes,
  double,
  encoded as encodedFields,
  fixed64,
  int32,
  int64,
  list,
  message,
  nested,
  ProtobufError,
  packedDouble,
  packedFixed64,
  text,
  textMap,
  uint32,
} from '../../../src/protobuf/message.ts';

const Inner = message({ name: text(1), attempt: uint32(2) });
const Whole = message({
  id: text(1),
  inner: nested(2, Inner),
  state: int32(3),
  created: int64(4),
  labels: textMap(5),
  ready: bool(6),
  data: bytes(7),
  all: list(nested(8, Inner)),
  words: list(text(9)),
});

/** Bytes by protoc's own text of the encoding: tag = number * 8 + wire type, lengths and numbers as varints. */
const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

test('the bytes of a message are those of the encoding', () => {
  const encoded = hex(
    '0a 02 6162  12 05 0a 01 78 10 07  18 02  20 80 80 80 80 80 80 80 80 01  2a 06 0a 01 6b 12 01 76  30 01',
  );
  const values = {
    id: 'ab',
    inner: { name: 'x', attempt: 7 },
    state: 2,
    created: 1n << 56n,
    labels: { k: 'v' },
    ready: true,
  };
  expect(Whole.decode(encoded)).toEqual({ ...values, data: new Uint8Array(), all: [], words: [] });
  expect(Buffer.from(Whole.encode(values)).toString('hex')).toBe(Buffer.from(encoded).toString('hex'));
});

test('an empty message has the defaults', () => {
  expect(Whole.decode(new Uint8Array())).toEqual({
    id: '',
    inner: undefined,
    state: 0,
    created: 0n,
    labels: {},
    ready: false,
    data: new Uint8Array(),
    all: [],
    words: [],
  });
});

test('repeated fields keep their order, of others the last one holds', () => {
  const encoded = hex('0a 01 61  42 03 0a 01 78  4a 01 70  0a 01 62  42 00  4a 01 71');
  expect(Whole.decode(encoded)).toMatchObject({
    id: 'b',
    all: [
      { name: 'x', attempt: 0 },
      { name: '', attempt: 0 },
    ],
    words: ['p', 'q'],
  });
});

test('unknown fields of every wire type are skipped', () => {
  // Field 15: varint, 64 bits, length, group with a field in it, 32 bits.
  const unknown = '78 96 01  79 0102030405060708  7a 03 616263  7b 08 01 7c  7d 01020304';
  expect(Whole.decode(hex(`${unknown} 0a 01 61 ${unknown}`))).toMatchObject({ id: 'a' });
});

test('a map has keys that an object has itself', () => {
  const { labels } = Whole.decode(hex('2a 0e 0a 09 5f5f70726f746f5f5f 12 01 76  2a 03 0a 01 61'));
  expect(Object.entries(labels)).toEqual([
    ['__proto__', 'v'],
    ['a', ''],
  ]);
  expect(Object.getPrototypeOf(labels)).toBe(Object.prototype);
});

test.each([
  ['a text cut off', '0a 05 6162'],
  ['a length over the end of the message', '0a ff ff ff ff 0f'],
  ['a number cut off', '18 80'],
  ['a number that does not end', `18 ${'ff '.repeat(11)}`],
  ['a tag cut off', '80'],
  ['field number 0', '00 00'],
  ['a wire type that does not exist', '0f'],
  ['a number where a text is expected', '08 01'],
  ['a text where a number is expected', '1a 01 61'],
  ['an inner message cut off', '12 03 0a 05 61'],
  ['a group that does not end', '7b 08 01'],
])('%s is an error', (_, encoded) => {
  expect(() => Whole.decode(hex(encoded))).toThrow(ProtobufError);
});

test('invalid UTF-8 becomes the replacement character', () => {
  expect(Whole.decode(hex('0a 02 ff 61')).id).toBe('\ufffda');
});

test('more items than any machine has are an error, before they fill the memory', () => {
  const many = new Uint8Array(2 * 300_000).map((_, index) => (index % 2 === 0 ? 0x42 : 0));
  expect(() => Whole.decode(many)).toThrow(/more than 262144 items/);
});

test('fixed and packed numbers, and fields that are encoded already', () => {
  const Shared = message({ names: list(text(4)) });
  const Point = message({
    at: fixed64(1),
    value: double(2),
    names: encodedFields(4),
    counts: packedFixed64(5),
    bounds: packedDouble(6),
  });
  const values = {
    at: 2n ** 63n + 1n,
    value: -0.5,
    names: Shared.encode({ names: ['a', 'b'] }),
    counts: [1n, 2n],
    bounds: [1.5],
  };
  const bytesOf = hex(
    '09 01 00 00 00 00 00 00 80  11 00 00 00 00 00 00 e0 bf  22 01 61 22 01 62 ' +
      '2a 10 01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00  32 08 00 00 00 00 00 00 f8 3f',
  );
  expect(Point.encode(values)).toEqual(bytesOf);
  expect(Point.decode(bytesOf)).toEqual(values);
  expect(Point.decode(new Uint8Array())).toMatchObject({ at: 0n, value: undefined, counts: [], bounds: [] });
  expect(() => Point.decode(hex('2a 10 01 00'))).toThrow(ProtobufError);
});
