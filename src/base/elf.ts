/** A file that is read in pieces. */
export interface ByteFile {
  /** Bytes. */
  readonly size: number;
  /** Exactly so many bytes from a position; undefined beyond the end, and where it cannot or may not be read. */
  read(position: number, length: number): Uint8Array | undefined;
  /** As {@link read}, each byte as the character of its number: for megabytes of ASCII. */
  text(position: number, length: number): string | undefined;
}

/** A section of an ELF file. */
export interface ElfSection {
  name: string;
  /** Of its content in the file, bytes. */
  offset: number;
  size: number;
}

/** A segment of an ELF file that is loaded, PT_LOAD. */
export interface ElfSegment {
  offset: number;
  size: number;
  isWritable: boolean;
}

/** Bounds against a file that lies about its sizes: programs have some hundred sections. */
const MOST_SECTIONS = 4096;
const MOST_SEGMENTS = 256;
const LONGEST_NAMES = 1 << 20;
const PT_LOAD = 1;
const PF_W = 2;
/** Bytes of Elf64_Ehdr and Elf64_Shdr, and of Elf64_Phdr. */
const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;

/**
 * The sections of a 64-bit little-endian ELF file, elf(5).
 *
 * @returns empty for one whose section headers were removed; undefined for another kind of file, and a damaged one
 */
export function elfSections(file: ByteFile): ElfSection[] | undefined {
  const header = elfHeader(file);
  if (header === undefined) return undefined;
  const tableAt = number64(header, 40);
  const size = header.getUint16(58, true);
  const count = header.getUint16(60, true);
  const namesIndex = header.getUint16(62, true);
  if (tableAt === 0 || count === 0) return [];
  if (size !== HEADER_BYTES || count > MOST_SECTIONS || namesIndex >= count) return undefined;
  const table = piece(file, tableAt, size * count);
  if (table === undefined) return undefined;
  const offsetOf = (index: number) => number64(table, index * size + 24);
  const sizeOf = (index: number) => number64(table, index * size + 32);
  const names = file.read(offsetOf(namesIndex), Math.min(sizeOf(namesIndex), LONGEST_NAMES));
  if (names === undefined) return undefined;
  return Array.from({ length: count }, (_, index) => ({
    name: textAt(names, table.getUint32(index * size, true)),
    offset: offsetOf(index),
    size: sizeOf(index),
  }));
}

/** The loaded segments of a 64-bit little-endian ELF file in the order of the file; undefined for another one. */
export function elfSegments(file: ByteFile): ElfSegment[] | undefined {
  const header = elfHeader(file);
  if (header === undefined) return undefined;
  const size = header.getUint16(54, true);
  const count = header.getUint16(56, true);
  if (size !== SEGMENT_BYTES || count > MOST_SEGMENTS) return undefined;
  const table = piece(file, number64(header, 32), size * count);
  if (table === undefined) return undefined;
  return Array.from({ length: count }, (_, index) => index * size)
    .filter((at) => table.getUint32(at, true) === PT_LOAD)
    .map((at) => ({
      offset: number64(table, at + 8),
      size: number64(table, at + 32),
      isWritable: (table.getUint32(at + 4, true) & PF_W) !== 0,
    }));
}

/** e_ident: magic, ELFCLASS64, ELFDATA2LSB. */
const IDENT = [0x7f, 0x45, 0x4c, 0x46, 2, 1];

function elfHeader(file: ByteFile): DataView | undefined {
  const header = piece(file, 0, HEADER_BYTES);
  return header !== undefined && IDENT.every((byte, at) => header.getUint8(at) === byte) ? header : undefined;
}

function piece(file: ByteFile, position: number, length: number): DataView | undefined {
  if (!Number.isSafeInteger(position)) return undefined;
  const bytes = file.read(position, length);
  return bytes && new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A u64 as a number; beyond 2^53, where no file has a byte, not exact. */
function number64(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

/** The text up to the next NUL. */
function textAt(bytes: Uint8Array, at: number): string {
  const end = bytes.indexOf(0, at);
  return String.fromCharCode(...bytes.subarray(at, end < 0 ? bytes.length : end).subarray(0, 256));
}
