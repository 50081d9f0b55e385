import fs from 'node:fs';
import { HOST_LITTLE_ENDIAN, viewOf } from '../../base/byte-order.ts';
import type { SystemCalls } from '../system-calls.ts';
import { Attributes, BPF_COMMAND, MAP_ELEMENT, pinned, pinnedCopy } from './attributes.ts';
import { attempt } from './bpf-error.ts';
import { createMap, MAP_TYPE } from './map.ts';

/** A set of 32-bit numbers that programs look up, such as inodes of namespaces, with a 64-bit counter for each. */
export class CountedNumbers {
  readonly fd: number;
  readonly #calls: SystemCalls;

  /** @param entries the most numbers it holds @throws {BpfError} */
  constructor(calls: SystemCalls, entries: number) {
    this.#calls = calls;
    this.fd = createMap(calls, 'a hash map', { type: MAP_TYPE.HASH, keyBytes: 4, valueBytes: 8, entries });
  }

  /** Adds a number, with a counter of 0. @throws {BpfError} E2BIG when it is full */
  add(number: number): void {
    const attributes = this.#element(number).address(MAP_ELEMENT.value, pinned(8));
    attempt('adding to a hash map', () => attributes.call(BPF_COMMAND.MAP_UPDATE_ELEM));
  }

  /** The counter of a number. @throws {BpfError} ENOENT for a number that it does not have */
  count(number: number): number {
    const value = pinned(8);
    const attributes = this.#element(number).address(MAP_ELEMENT.value, value);
    attempt('reading a hash map', () => attributes.call(BPF_COMMAND.MAP_LOOKUP_ELEM));
    return Number(viewOf(value).getBigUint64(0, HOST_LITTLE_ENDIAN));
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
