import { HOST_LITTLE_ENDIAN, viewOf } from '../../base/byte-order.ts';
import type { SystemCalls } from '../system-calls.ts';

/** Commands of bpf(2): enum bpf_cmd, include/uapi/linux/bpf.h. */
export const BPF_COMMAND = {
  MAP_CREATE: 0,
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  MAP_DELETE_ELEM: 3,
  PROG_LOAD: 5,
  OBJ_GET_INFO_BY_FD: 15,
  RAW_TRACEPOINT_OPEN: 17,
  MAP_LOOKUP_BATCH: 24,
  LINK_CREATE: 28,
  ENABLE_STATS: 32,
  ITER_CREATE: 33,
} as const;

/*
 * Parts of union bpf_attr, include/uapi/linux/bpf.h: offsets of their fields. Fields are four bytes, those that are
 * named in `ADDRESSES` eight.
 */
export const MAP_CREATE = { type: 0, keyBytes: 4, valueBytes: 8, entries: 12, flags: 16 } as const;
export const MAP_ELEMENT = { mapFd: 0, key: 8, value: 16 } as const;
export const MAP_BATCH = { out: 8, keys: 16, values: 24, count: 32, mapFd: 36 } as const;
export const PROG_LOAD = {
  type: 0,
  count: 4,
  instructions: 8,
  license: 16,
  logLevel: 24,
  logBytes: 28,
  log: 32,
  name: 48,
  attachType: 68,
  attachTypeId: 108,
} as const;
export const INFO_BY_FD = { fd: 0, bytes: 4, info: 8 } as const;
export const RAW_TRACEPOINT = { programFd: 8 } as const;
export const LINK_CREATE = { programFd: 0, attachType: 8, iteratorInfo: 16, iteratorInfoBytes: 24 } as const;
export const ITER_CREATE = { linkFd: 0 } as const;
export const ENABLE_STATS = { type: 0 } as const;

/** Bytes of the union: more than this kernel knows is accepted as long as it is zero. */
const ATTRIBUTES_BYTES = 128;
/** V8 moves shorter typed arrays, whose bytes are in its own heap. */
const LEAST_PINNED_BYTES = 128;

/** Memory with an address that does not change, filled with zeros. */
export function pinned(bytes: number): Buffer {
  return Buffer.alloc(Math.max(bytes, LEAST_PINNED_BYTES));
}

/** A copy whose address does not change; bytes after it are zero. */
export function pinnedCopy(bytes: Uint8Array): Buffer {
  const copy = pinned(bytes.length);
  copy.set(bytes);
  return copy;
}

/** The attributes of one call of bpf(2). What their addresses refer to lives as long as they do. */
export class Attributes {
  readonly #calls: SystemCalls;
  readonly #bytes = pinned(ATTRIBUTES_BYTES);
  readonly #view = viewOf(this.#bytes);
  readonly #referenced: Uint8Array[] = [];

  constructor(calls: SystemCalls, fields: Readonly<Record<number, number>> = {}) {
    this.#calls = calls;
    for (const [offset, value] of Object.entries(fields)) this.number(Number(offset), value);
  }

  /** A field of four bytes, as unsigned or signed number. */
  number(offset: number, value: number): this {
    this.#view.setUint32(offset, value, HOST_LITTLE_ENDIAN);
    return this;
  }

  /** A field with the address of memory of {@link pinned}. */
  address(offset: number, memory: Buffer): this {
    this.#referenced.push(memory);
    this.#view.setBigUint64(offset, this.#calls.addressOf(memory), HOST_LITTLE_ENDIAN);
    return this;
  }

  /** What a field of four bytes has, as the kernel may have left it. */
  numberAt(offset: number): number {
    return this.#view.getUint32(offset, HOST_LITTLE_ENDIAN);
  }

  /** Raw bytes of a field. */
  text(offset: number, text: string): this {
    this.#bytes.write(text, offset, 'latin1');
    return this;
  }

  /** Calls bpf(2). @returns its result, often a descriptor @throws {SystemCallError} */
  call(command: number): number {
    try {
      return this.#calls.bpf(command, this.#bytes);
    } finally {
      // A use after the call, so that nothing is collected during it.
      Object.freeze(this.#referenced);
    }
  }
}
