/** Kernels of Debian's releases, and the types that they describe. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Btf } from '../../../src/bpf/btf.ts';
import type { BpfProgram } from '../../../src/bpf/program.ts';

/** Offsets of the header of an x86 image, Documentation/arch/x86/boot.rst. */
const BOOT = { setupSectors: 0x1f1, payloadOffset: 0x248, payloadBytes: 0x24c } as const;
const SECTOR_BYTES = 512;
/** Offsets in the header and the section headers of a 64-bit ELF file, elf(5). */
const ELF = { sections: 0x28, sectionBytes: 0x3a, sectionCount: 0x3c, names: 0x3e } as const;
const SECTION = { name: 0, offset: 0x18, bytes: 0x20 } as const;
const ELF_MAGIC = '7f454c46';
/** Beginnings of compressed payloads, and the command that expands them. */
const COMPRESSIONS = [
  ['fd377a585a00', 'xz', '--single-stream'],
  ['02214c18', 'lz4'],
  ['28b52ffd', 'zstd'],
] as const;
/** What the kernels offer, by their history: some functions for programs since 5.11 and 5.12, the choice of a task since 6.1. */
export const KERNELS = [
  { release: 'bullseye', version: '5.10', hasNewFunctions: false, choosesProcess: false },
  { release: 'bookworm', version: '6.1', hasNewFunctions: true, choosesProcess: true },
  { release: 'trixie', version: '6.12', hasNewFunctions: true, choosesProcess: true },
];
/** Of the download and the guest together. */
export const MOST_MS = 480_000;
const INSTRUCTION_BYTES = 8;
const MOST_DOWNLOAD_MS = 240_000;
const MOST_IMAGE_BYTES = 256 * 1024 * 1024;

export interface KernelImage {
  /** The image, for QEMU. */
  file: string;
  /** What its `/sys/kernel/btf/vmlinux` is. */
  types: Btf;
}

/** The cloud kernel of a Debian release: downloaded, 20 to 35 MB, when the user's cache folder does not have it. */
export function kernelImage(release: string): KernelImage {
  const cache = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache');
  const folder = path.join(cache, 'socklens-kernels', release);
  const found = () => {
    const boot = path.join(folder, 'boot');
    const name = fs.existsSync(boot) && fs.readdirSync(boot).find((entry) => entry.startsWith('vmlinuz-'));
    return name ? path.join(boot, name) : undefined;
  };
  if (found() === undefined)
    execFileSync('sh', [path.join(import.meta.dirname, 'fetch-kernel.sh'), release, folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: MOST_DOWNLOAD_MS,
    });
  const file = found();
  if (file === undefined) throw new Error(`no kernel of ${release} in ${folder}`);
  return { file, types: new Btf(section(expanded(fs.readFileSync(file)), '.BTF')) };
}

/** Instructions of programs, as text. */
export function sizesOf(programs: readonly (readonly [name: string, program: BpfProgram])[]): string {
  return programs.map(([name, { instructions }]) => `${name} ${instructions.length / INSTRUCTION_BYTES}`).join(', ');
}

/** The kernel proper, an ELF file, of a compressed image. */
function expanded(image: Buffer): Buffer {
  const from = ((image[BOOT.setupSectors] ?? 0) + 1) * SECTOR_BYTES + image.readUInt32LE(BOOT.payloadOffset);
  const input = image.subarray(from, from + image.readUInt32LE(BOOT.payloadBytes));
  const compression = COMPRESSIONS.find(([magic]) => input.toString('hex', 0, magic.length / 2) === magic);
  if (compression === undefined) throw new Error('an unknown compression of the kernel');
  const [, program, ...options] = compression;
  // The status says nothing: after the compressed data is its size, which is none of the compression's format.
  const { stdout, stderr, error } = spawnSync(program, ['-dc', ...options], { input, maxBuffer: MOST_IMAGE_BYTES });
  if (error) throw error;
  if (stdout.toString('hex', 0, ELF_MAGIC.length / 2) !== ELF_MAGIC) throw new Error(`${program}: ${stderr}`);
  return stdout;
}

function section(elf: Buffer, wanted: string): Buffer {
  const place = (index: number) => {
    const at = Number(elf.readBigUInt64LE(ELF.sections)) + index * elf.readUInt16LE(ELF.sectionBytes);
    const field = (offset: number) => Number(elf.readBigUInt64LE(at + offset));
    return { name: elf.readUInt32LE(at + SECTION.name), offset: field(SECTION.offset), bytes: field(SECTION.bytes) };
  };
  const names = place(elf.readUInt16LE(ELF.names));
  for (let index = 0; index < elf.readUInt16LE(ELF.sectionCount); index++) {
    const { name, offset, bytes } = place(index);
    const from = names.offset + name;
    if (elf.toString('latin1', from, elf.indexOf(0, from)) === wanted) return elf.subarray(offset, offset + bytes);
  }
  throw new Error(`the kernel has no section ${wanted}`);
}
