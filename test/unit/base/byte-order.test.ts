import os from 'node:os';
import { expect, test } from 'vitest';
import { HOST_LITTLE_ENDIAN, networkWord, viewOf } from '../../../src/base/byte-order.ts';

test('the order of bytes is that of the machine', () => {
  expect(HOST_LITTLE_ENDIAN).toBe(os.endianness() === 'LE');
});

test('a word of network order that was read as one of the host', () => {
  const bytes = new Uint8Array([10, 0, 0, 255]);
  expect(networkWord(viewOf(bytes).getUint32(0, HOST_LITTLE_ENDIAN))).toBe(0x0a0000ff);
});

test('a view begins where its bytes do, and ends with them', () => {
  const view = viewOf(new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 3));
  expect([view.byteLength, view.getUint8(0)]).toEqual([2, 1]);
});
