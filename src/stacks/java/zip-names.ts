import type { ByteFile } from '../../base/elf.ts';
import { latin1 } from '../../base/latin1.ts';

/** Records of the zip format, APPNOTE.TXT, sections 4.3.12 and 4.3.16. */
const END_SIGNATURE = 0x0605_4b50;
const END_BYTES = 22;
const ENTRY_SIGNATURE = 0x0201_4b50;
const ENTRY_BYTES = 46;
/** Where the end record is looked for: without a comment, with the longest one. */
const TAILS = [1024, 65_557];
/** A directory is read up to here, bytes. */
const LARGEST = 1 << 20;

/**
 * The names in the directory of a zip file, a jar.
 *
 * @returns undefined for another file, one larger than 4 GB, and one with a directory that is too large
 */
export function zipNames(file: ByteFile): string[] | undefined {
  const end = endRecord(file);
  if (end === undefined) return undefined;
  const size = end.view.getUint32(12, true);
  // From the end record back: a script can stand before the zip file.
  const at = end.position - size;
  const bytes = size > LARGEST || at < 0 ? undefined : file.read(at, size);
  return bytes && entryNames(bytes);
}

function endRecord(file: ByteFile): { view: DataView; position: number } | undefined {
  for (const tail of TAILS) {
    const length = Math.min(tail, file.size);
    const bytes = file.read(file.size - length, length);
    if (bytes === undefined) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = length - END_BYTES; at >= 0; at--) {
      if (view.getUint32(at, true) !== END_SIGNATURE) continue;
      const position = file.size - length + at;
      return { view: new DataView(bytes.buffer, bytes.byteOffset + at, END_BYTES), position };
    }
  }
  return undefined;
}

function entryNames(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const names: string[] = [];
  for (let at = 0; at + ENTRY_BYTES <= bytes.length && view.getUint32(at, true) === ENTRY_SIGNATURE; ) {
    const name = view.getUint16(at + 28, true);
    const rest = view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    const end = at + ENTRY_BYTES + name;
    if (end > bytes.length) break;
    names.push(latin1(bytes, at + ENTRY_BYTES, end));
    at = end + rest;
  }
  return names;
}
