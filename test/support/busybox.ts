import fs from 'node:fs';

/** Where busybox is in the images of the tests. */
export const BUSYBOX = '/bin/busybox';

/** The machine's busybox, where it needs no library; undefined where it has none. */
export function staticBusybox(): string | undefined {
  return [BUSYBOX, '/usr/bin/busybox'].find((file) => fs.existsSync(file) && isStatic(file));
}

/** Whether an ELF64 program names no interpreter: no program header of type PT_INTERP, elf(5). */
function isStatic(file: string): boolean {
  const elf = fs.readFileSync(file);
  const headers = Number(elf.readBigUInt64LE(32));
  const [size, count] = [elf.readUInt16LE(54), elf.readUInt16LE(56)];
  for (let index = 0; index < count; index++) if (elf.readUInt32LE(headers + index * size) === 3) return false;
  return true;
}
