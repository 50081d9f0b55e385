import { type ByteFile, elfSections } from '../../base/elf.ts';

/** The tables of names in a Go program, runtime/symtab.go: code that nothing reaches is not in them. */
export interface GoLineTable {
  /** Source files with code in the program, each followed by a NUL. */
  files: string;
  /** Functions, those that were inlined too, each followed by a NUL. */
  functions: string;
}

/** Magic numbers of the header of Go 1.18 and 1.19, and of Go 1.20 and newer: the fields used here are the same. */
const MAGICS: ReadonlySet<number> = new Set([0xffff_fff0, 0xffff_fff1]);
const HEADER_BYTES = 64;
/** Where a program linked as position-independent has it. */
const SECTIONS: ReadonlySet<string> = new Set(['.gopclntab', '.data.rel.ro.gopclntab']);
/** Kubernetes' largest programs have about 6 MB of names. */
const LONGEST = 4 << 20;

/** @returns undefined for a program of another language, an older Go, one without section headers, and a damaged one */
export function readLineTable(file: ByteFile): GoLineTable | undefined {
  const section = elfSections(file)?.find(({ name }) => SECTIONS.has(name));
  const header = section && file.read(section.offset, HEADER_BYTES);
  if (section === undefined || header === undefined) return undefined;
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (!MAGICS.has(view.getUint32(0, true))) return undefined;
  const at = (field: number) => Number(view.getBigUint64(field, true));
  const table = (from: number, to: number): string | undefined => {
    if (from > to || to > section.size || to - from > LONGEST) return undefined;
    return file.text(section.offset + from, to - from);
  };
  const functions = table(at(32), at(40));
  const files = table(at(48), at(56));
  return functions === undefined || files === undefined ? undefined : { functions, files };
}

/** Whether a table of names has a name as a whole. */
export function hasName(table: string, name: string): boolean {
  return table.startsWith(`${name}\0`) || table.includes(`\0${name}\0`);
}
