import fs from 'node:fs';
import { processFolder } from './living-thread.ts';
import { isGoneOrDenied, PROC } from './read.ts';

/** The program that a process runs. */
export interface Executable {
  /** As the process's own root sees it; without ` (deleted)`. */
  path: string;
  /** True when it has the section that Go's linker writes, `.go.buildinfo`. */
  isGo: boolean;
}

/** @returns undefined for a kernel thread, and when the process has exited or cannot be read */
export function readExecutable(pid: number, proc = PROC): Executable | undefined {
  const link = `${processFolder(pid, proc)}/exe`;
  try {
    const path = fs.readlinkSync(link).replace(/ \(deleted\)$/, '');
    const fd = fs.openSync(link, 'r');
    try {
      return { path, isGo: sectionNames(fd)?.includes('.go.buildinfo\0') ?? false };
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
}

/** Bounds against a file that lies about its sizes: programs have some hundred sections. */
const MOST_SECTIONS = 4096;
const LONGEST_NAMES = 1 << 20;

/**
 * The names of the sections of a 64-bit little-endian ELF file, one after the other, elf(5); undefined for another
 * file.
 */
function sectionNames(fd: number): string | undefined {
  const header = readAt(fd, 0, 64);
  // e_ident: magic, ELFCLASS64, ELFDATA2LSB.
  if (header === undefined || header.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return undefined;
  const tableAt = Number(header.readBigUInt64LE(40));
  const size = header.readUInt16LE(58);
  const count = header.readUInt16LE(60);
  const namesIndex = header.readUInt16LE(62);
  if (tableAt === 0 || size < 64 || count > MOST_SECTIONS || namesIndex >= count) return undefined;
  const section = readAt(fd, tableAt + namesIndex * size, 64);
  if (section === undefined) return undefined;
  const namesAt = Number(section.readBigUInt64LE(24));
  const length = Math.min(Number(section.readBigUInt64LE(32)), LONGEST_NAMES);
  return readAt(fd, namesAt, length)?.toString('latin1');
}

function readAt(fd: number, position: number, length: number): Buffer | undefined {
  if (!Number.isSafeInteger(position)) return undefined;
  const buffer = Buffer.alloc(length);
  return fs.readSync(fd, buffer, 0, length, position) === length ? buffer : undefined;
}
