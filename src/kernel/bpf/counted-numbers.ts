import fs from 'node:fs';
import { HOST_LITTLE_ENDIAN, viewOf } from '../../base/byte-order.ts';
import { SystemCallError, type SystemCalls } from '../system-calls.ts';
import { Attributes, BPF_COMMAND, MAP_BATCH, MAP_ELEMENT, pinned, pinnedCopy } from './attributes.ts';
import { attempt } from './bpf-error.ts';
import { createMap, MAP_TYPE } from './map.ts';

/** A set of 32-bit numbers that programs look up, such as inodes of namespaces, with a 64-bit counter for each. */
export class CountedNumbers {
  readonly fd: number;
  readonly #calls: SystemCalls;
  readonly #entries: number;
  #batch: Batch | undefined;

  /** @param entries the most numbers it holds @throws {BpfError} */
  constructor(calls: SystemCalls, entries: number) {
    this.#calls = calls;
    this.#entries = entries;
    this.fd = createMap(calls, 'a hash map', { type: MAP_TYPE.HASH, keyBytes: 4, valueBytes: 8, entries });
  }

  /** Adds a number, with a counter of 0. @throws {BpfError} E2BIG when it is full */
  add(number: number): void {
    const attributes = this.#element(number).address(MAP_ELEMENT.value, pinned(8));
    attempt('adding to a hash map', () => attributes.call(BPF_COMMAND.MAP_UPDATE_ELEM));
  }

  /** The counters that are not 0, by number: one call for all. @throws {BpfError} */
  counts(): Map<number, number> {
    this.#batch ??= new Batch(this.#entries);
    return this.#batch.read(this.#calls, this.fd);
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

/** Memory for the elements of a hash map, read by BPF_MAP_LOOKUP_BATCH (Linux 5.6). */
class Batch {
  readonly #entries: number;
  readonly #keys: Buffer;
  readonly #values: Buffer;
  /** Where the kernel stopped. */
  readonly #out = pinned(8);

  /** @param entries the most that the map holds */
  constructor(entries: number) {
    this.#entries = entries;
    this.#keys = pinned(entries * 4);
    this.#values = pinned(entries * 8);
  }

  read(calls: SystemCalls, fd: number): Map<number, number> {
    const attributes = new Attributes(calls, { [MAP_BATCH.mapFd]: fd, [MAP_BATCH.count]: this.#entries })
      .address(MAP_BATCH.out, this.#out)
      .address(MAP_BATCH.keys, this.#keys)
      .address(MAP_BATCH.values, this.#values);
    attempt('reading a hash map', () => {
      try {
        attributes.call(BPF_COMMAND.MAP_LOOKUP_BATCH);
      } catch (error) {
        // That was all.
        if (!(error instanceof SystemCallError) || error.code !== 'ENOENT') throw error;
      }
    });
    const keys = viewOf(this.#keys);
    const values = viewOf(this.#values);
    const counts = new Map<number, number>();
    const found = attributes.numberAt(MAP_BATCH.count);
    for (let index = 0; index < found; index++) {
      const count = Number(values.getBigUint64(index * 8, HOST_LITTLE_ENDIAN));
      if (count !== 0) counts.set(keys.getUint32(index * 4, HOST_LITTLE_ENDIAN), count);
    }
    return counts;
  }
}
