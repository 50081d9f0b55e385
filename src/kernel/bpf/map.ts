import fs from 'node:fs';
import { HOST_LITTLE_ENDIAN, viewOf } from '../../base/byte-order.ts';
import type { SystemCalls } from '../system-calls.ts';
import { Attributes, BPF_COMMAND, MAP_CREATE, MAP_ELEMENT, pinned, pinnedCopy } from './attributes.ts';
import { attempt } from './bpf-error.ts';
import { withLockedMemory } from './locked-memory.ts';

/** Values of enum bpf_map_type, include/uapi/linux/bpf.h. */
export const MAP_TYPE = { HASH: 1, ARRAY: 2, RINGBUF: 27 } as const;

/** Creates a map. @returns its descriptor, for the caller to close @throws {BpfError} */
export function createMap(
  calls: SystemCalls,
  what: string,
  map: { type: number; keyBytes: number; valueBytes: number; entries: number },
): number {
  return attempt(`creating ${what}`, () =>
    withLockedMemory(calls, () =>
      new Attributes(calls, {
        [MAP_CREATE.type]: map.type,
        [MAP_CREATE.keyBytes]: map.keyBytes,
        [MAP_CREATE.valueBytes]: map.valueBytes,
        [MAP_CREATE.entries]: map.entries,
      }).call(BPF_COMMAND.MAP_CREATE),
    ),
  );
}

/** A set of 32-bit numbers, such as inodes of namespaces, that programs look up. */
export class NumberSet {
  readonly fd: number;
  readonly #calls: SystemCalls;

  /** @param entries the most numbers it holds @throws {BpfError} */
  constructor(calls: SystemCalls, entries: number) {
    this.#calls = calls;
    this.fd = createMap(calls, 'a hash map', { type: MAP_TYPE.HASH, keyBytes: 4, valueBytes: 4, entries });
  }

  /** @throws {BpfError} E2BIG when it is full */
  add(number: number): void {
    const attributes = this.#element(number).address(MAP_ELEMENT.value, pinned(4));
    attempt('adding to a hash map', () => attributes.call(BPF_COMMAND.MAP_UPDATE_ELEM));
  }

  /** @throws {BpfError} ENOENT for a number that it does not have */
  delete(number: number): void {
    attempt('deleting from a hash map', () => this.#element(number).call(BPF_COMMAND.MAP_DELETE_ELEM));
  }

  close(): void {
    fs.closeSync(this.fd);
  }

  #element(number: number): Attributes {
    const key = pinnedCopy(new Uint8Array(Uint32Array.of(number).buffer));
    return new Attributes(this.#calls, { [MAP_ELEMENT.mapFd]: this.fd }).address(MAP_ELEMENT.key, key);
  }
}

/** Counters of 64 bits that programs increment, by index. */
export class CounterMap {
  readonly fd: number;
  readonly #calls: SystemCalls;

  /** @throws {BpfError} */
  constructor(calls: SystemCalls, entries: number) {
    this.#calls = calls;
    this.fd = createMap(calls, 'counters', { type: MAP_TYPE.ARRAY, keyBytes: 4, valueBytes: 8, entries });
  }

  /** @returns a counter since the map was made @throws {BpfError} ENOENT for an index that it does not have */
  read(index: number): number {
    const key = pinnedCopy(new Uint8Array(Uint32Array.of(index).buffer));
    const value = pinned(8);
    const attributes = new Attributes(this.#calls, { [MAP_ELEMENT.mapFd]: this.fd });
    attributes.address(MAP_ELEMENT.key, key).address(MAP_ELEMENT.value, value);
    attempt('reading a counter', () => attributes.call(BPF_COMMAND.MAP_LOOKUP_ELEM));
    return Number(viewOf(value).getBigUint64(0, HOST_LITTLE_ENDIAN));
  }

  close(): void {
    fs.closeSync(this.fd);
  }
}
