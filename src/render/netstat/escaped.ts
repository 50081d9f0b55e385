import { hexByte } from '../../base/hex.ts';
import type { ByteWriter } from '../byte-writer.ts';

/** Writes bytes; control characters (C0, DEL, and C1, raw or in UTF-8) are written as `\x1b`. */
export function writeEscaped(out: ByteWriter, bytes: Uint8Array): void {
  bytes.forEach((byte, index) => {
    const c1 = byte === 0xc2 && (bytes[index + 1] ?? 0) < 0xa0;
    const rawC1 = byte >= 0x80 && byte < 0xa0 && !isContinuation(bytes, index);
    if (byte < 0x20 || byte === 0x7f || c1 || rawC1) out.ascii(`\\x${hexByte(byte)}`);
    else out.byte(byte);
  });
}

/** Whether a byte from 0x80 on is inside a UTF-8 sequence. */
function isContinuation(bytes: Uint8Array, index: number): boolean {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes[index - back] ?? 0;
    if (byte >= 0xc3) return byte >= 0xf0 ? back <= 3 : byte >= 0xe0 ? back <= 2 : back <= 1;
    if (byte < 0x80 || byte >= 0xc0) return false;
  }
  return false;
}
