import fs from 'node:fs';
import { HOST_LITTLE_ENDIAN, viewOf } from '../../base/byte-order.ts';

/** NT_GNU_BUILD_ID of the owner `GNU`, elf(5). */
const BUILD_ID = 3;
const OWNER = 'GNU\0';
/** Bytes of Elf64_Nhdr: length of the name, length of the content, type; four bytes each. */
const HEADER_BYTES = 12;

/**
 * The build id of the running kernel: the ELF notes of its image in `/sys/kernel/notes`.
 *
 * @returns in hexadecimal; undefined where the file cannot be read or has none
 */
export function readBuildId(file = '/sys/kernel/notes'): string | undefined {
  try {
    return buildIdOf(fs.readFileSync(file));
  } catch {
    return undefined;
  }
}

/** @returns undefined for notes without a build id */
export function buildIdOf(notes: Uint8Array): string | undefined {
  const view = viewOf(notes);
  const word = (at: number) => view.getUint32(at, HOST_LITTLE_ENDIAN);
  for (let at = 0; at + HEADER_BYTES <= notes.length; ) {
    const name = at + HEADER_BYTES;
    const content = name + aligned(word(at));
    const end = content + word(at + 4);
    if (end > notes.length) return undefined;
    const owner = Buffer.from(notes.subarray(name, name + word(at))).toString('latin1');
    if (word(at + 8) === BUILD_ID && owner === OWNER) return Buffer.from(notes.subarray(content, end)).toString('hex');
    at = content + aligned(word(at + 4));
  }
  return undefined;
}

/** Names and contents are padded to four bytes. */
function aligned(length: number): number {
  return Math.ceil(length / 4) * 4;
}
