import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';

/** Commands of bpf(2), include/uapi/linux/bpf.h. */
export const BPF_COMMAND = {
  MAP_CREATE: 0,
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  MAP_DELETE_ELEM: 3,
  PROG_LOAD: 5,
  RAW_TRACEPOINT_OPEN: 17,
} as const;

const MAP_TYPE_HASH = 1;
/** Memory is allocated when an element is added. */
const NO_PREALLOC = 1;
const PROG_TYPE_RAW_TRACEPOINT = 17;

/*
 * Parts of union bpf_attr, include/uapi/linux/bpf.h. Addresses are of 64 bits; bytes after the last used
 * field are zero.
 */

/** For MAP_CREATE: a hash map with sizes in bytes and its largest number of entries. */
export function mapCreate(map: { keyBytes: number; valueBytes: number; entries: number }): Uint8Array {
  const { bytes, view } = attributes(72);
  [MAP_TYPE_HASH, map.keyBytes, map.valueBytes, map.entries, NO_PREALLOC].forEach((value, index) => {
    view.setUint32(index * 4, value, HOST_LITTLE_ENDIAN);
  });
  return bytes;
}

/**
 * For the commands on an element. An update replaces what there is.
 *
 * @param key its address
 * @param value address of the value, read or written by the command; 0 for MAP_DELETE_ELEM
 */
export function mapElement(mapFd: number, key: bigint, value: bigint): Uint8Array<ArrayBuffer> {
  const { bytes, view } = attributes(32);
  view.setUint32(0, mapFd, HOST_LITTLE_ENDIAN);
  view.setBigUint64(8, key, HOST_LITTLE_ENDIAN);
  view.setBigUint64(16, value, HOST_LITTLE_ENDIAN);
  return bytes;
}

/** @param license address of the text `GPL` with a zero byte: only such programs may read the kernel's memory */
export function rawTracepointLoad(program: bigint, instructions: number, license: bigint): Uint8Array {
  const { bytes, view } = attributes(72);
  view.setUint32(0, PROG_TYPE_RAW_TRACEPOINT, HOST_LITTLE_ENDIAN);
  view.setUint32(4, instructions, HOST_LITTLE_ENDIAN);
  view.setBigUint64(8, program, HOST_LITTLE_ENDIAN);
  view.setBigUint64(16, license, HOST_LITTLE_ENDIAN);
  return bytes;
}

/** @param name address of the tracepoint's name with a zero byte */
export function rawTracepointOpen(name: bigint, programFd: number): Uint8Array {
  const { bytes, view } = attributes(24);
  view.setBigUint64(0, name, HOST_LITTLE_ENDIAN);
  view.setUint32(8, programFd, HOST_LITTLE_ENDIAN);
  return bytes;
}

function attributes(size: number): { bytes: Uint8Array<ArrayBuffer>; view: DataView } {
  const bytes = new Uint8Array(size);
  return { bytes, view: new DataView(bytes.buffer) };
}
