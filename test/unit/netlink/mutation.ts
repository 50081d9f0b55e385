/** Recorded messages, and the ways to damage them. */
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';

const RECORDINGS = path.join(import.meta.dirname, '../../fixtures/sock-diag');
const LITTLE = true;

/** Every message of every recording, with its header, padded to four bytes. */
export function recordedMessages(): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (const file of fs.readdirSync(RECORDINGS).filter((name) => name.endsWith('.hex'))) {
    for (const line of fs.readFileSync(path.join(RECORDINGS, file), 'utf8').trim().split('\n')) {
      const piece = Buffer.from(line, 'hex');
      for (let at = 0; at < piece.length; ) {
        const next = at + ((piece.readUInt32LE(at) + 3) & ~3);
        messages.push(Uint8Array.from(piece.subarray(at, next)));
        at = next;
      }
    }
  }
  return messages;
}

/** One way to damage some bytes. Positions are taken modulo the length. */
export type Mutation =
  | { kind: 'flip'; at: number; bits: number }
  | { kind: 'word'; at: number; value: number }
  | { kind: 'length'; at: number; value: number }
  | { kind: 'cut'; at: number }
  | { kind: 'insert'; at: number; bytes: Uint8Array }
  | { kind: 'remove'; at: number; count: number }
  | { kind: 'noise'; at: number; bytes: Uint8Array };

/** Numbers that lengths, types and offsets break at. */
const awkward = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 19, 20, 71, 72, 73, 255, 256, 0x7fff, 0x8000, 0xffff),
  fc.constantFrom(0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff),
  fc.nat(0xffff),
);
const position = fc.oneof(fc.nat(32), fc.nat(700));

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: position, bits: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant('word' as const), at: position, value: awkward }),
  fc.record({ kind: fc.constant('length' as const), at: position, value: awkward }),
  fc.record({ kind: fc.constant('cut' as const), at: position }),
  fc.record({ kind: fc.constant('insert' as const), at: position, bytes: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ kind: fc.constant('remove' as const), at: position, count: fc.nat(40) }),
  fc.record({ kind: fc.constant('noise' as const), at: position, bytes: fc.uint8Array({ maxLength: 40 }) }),
);

/** The damaged copy. */
export function mutate(original: Uint8Array, mutations: readonly Mutation[]): Uint8Array {
  let bytes = Uint8Array.from(original);
  for (const step of mutations) {
    const at = bytes.length === 0 ? 0 : step.at % bytes.length;
    const rest = bytes.subarray(at);
    switch (step.kind) {
      case 'flip':
        if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ step.bits;
        break;
      case 'word':
        if (rest.length >= 4) new DataView(bytes.buffer).setUint32(at & ~3, step.value, LITTLE);
        break;
      case 'length':
        // A 16-bit word on an aligned offset: where attributes have their length.
        if (rest.length >= 4) new DataView(bytes.buffer).setUint16(at & ~3, step.value & 0xffff, LITTLE);
        break;
      case 'cut':
        bytes = bytes.slice(0, at);
        break;
      case 'insert':
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...step.bytes, ...rest]);
        break;
      case 'remove':
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...rest.subarray(step.count)]);
        break;
      case 'noise':
        bytes.set(step.bytes.subarray(0, rest.length), at);
        break;
    }
  }
  return bytes;
}
