import fs from 'node:fs';
import { Btf } from '../../bpf/btf.ts';
import { BtfError, type KernelTypes } from '../../bpf/kernel-types.ts';
import { KnownTypes } from '../../bpf/known-types.ts';
import { readBuildId } from './build-id.ts';
import { readAnswers, writeAnswers } from './type-cache.ts';

/** Where the types of the running kernel come from. */
export interface KernelTypesFiles {
  /** The kernel's description of its types; absent before Linux 5.2 and where it was built without. */
  btf: string;
  /** The ELF notes of the kernel. */
  notes: string;
  /** Folder of the cache. It is made if it does not exist. */
  cache: string;
}

/** The files of the running machine. */
export const KERNEL_TYPES_FILES: KernelTypesFiles = {
  btf: '/sys/kernel/btf/vmlinux',
  notes: '/sys/kernel/notes',
  cache: '/run/socklens',
};

/**
 * Calls `use` with the types of the running kernel. Where root has cached what `use` asks, the kernel's description
 * (5.5 MB, some 20 ms) is not read; what it asks beyond that is added to the cache.
 *
 * @throws what `use` throws; its questions throw {BtfError} for what this kernel does not have
 */
export function withKernelTypes<T>(use: (types: KernelTypes) => T, files = KERNEL_TYPES_FILES): T {
  // Only root's cache is trusted, and it is of no use to others.
  const buildId = process.geteuid?.() === 0 ? readBuildId(files.notes) : undefined;
  const cached = buildId === undefined ? undefined : readAnswers(files.cache, buildId);
  const types = new KnownTypes(cached ?? {}, () => readBtf(files.btf));
  try {
    return use(types);
  } finally {
    if (types.isExtended && buildId !== undefined) writeAnswers(files.cache, buildId, types.answers);
  }
}

function readBtf(file: string): KernelTypes {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch (cause) {
    throw new BtfError(`${file} cannot be read: the kernel does not describe its types`, { cause });
  }
  return new Btf(bytes);
}
