import fs from 'node:fs';
import { type ByteFile, elfSections } from '../base/elf.ts';
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
      return { path, isGo: elfSections(fileOf(fd))?.some(({ name }) => name === '.go.buildinfo') ?? false };
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
}

function fileOf(fd: number): ByteFile {
  const read = (position: number, length: number) => {
    const buffer = Buffer.alloc(length);
    return fs.readSync(fd, buffer, 0, length, position) === length ? buffer : undefined;
  };
  return {
    size: fs.fstatSync(fd).size,
    read,
    text: (position, length) => read(position, length)?.toString('latin1'),
  };
}
