import fs from 'node:fs';
import type { Fields, RecordLayout } from '../../bpf/record-layout.ts';
import { RecordTable } from '../../bpf/record-table.ts';
import type { MappedFile, SystemCalls } from '../system-calls.ts';
import { attempt } from './bpf-error.ts';
import { createMap, MAP_TYPE } from './map.ts';

/** Header of a record, kernel/bpf/ringbuf.c: length with flags u32, four bytes that are the kernel's. */
const HEADER_BYTES = 8;
/** BPF_RINGBUF_BUSY_BIT: reserved and not submitted yet. */
const BUSY = 2 ** 31;
/** BPF_RINGBUF_DISCARD_BIT. */
const DISCARDED = 2 ** 30;
const LENGTH = DISCARDED - 1;

/**
 * A ring buffer into which a program writes records of one layout (BPF_MAP_TYPE_RINGBUF, Linux 5.8;
 * Documentation/bpf/ringbuf.rst). It is mapped into this process: reading it takes no system call.
 */
export class RingBuffer<F extends Fields> {
  /** Of the map, for the program. */
  readonly fd: number;
  readonly #layout: RecordLayout<F>;
  readonly #bytes: number;
  readonly #maps: readonly MappedFile[];
  /** Position up to which records were read; the kernel reads it. */
  readonly #consumed: BigUint64Array;
  /** Position up to which records were reserved; the kernel writes it. */
  readonly #produced: BigUint64Array;
  /** The records: the buffer twice in a row, so that none is split. */
  readonly #words: Uint32Array;
  #position = 0;

  /**
   * @param bytes of the buffer: a power of two, and a multiple of the page size (64 KiB on some machines)
   * @throws {BpfError}
   */
  constructor(calls: SystemCalls, layout: RecordLayout<F>, bytes: number) {
    const page = calls.pageSize();
    this.#layout = layout;
    this.#bytes = bytes;
    this.fd = createMap(calls, 'a ring buffer', {
      type: MAP_TYPE.RINGBUF,
      keyBytes: 0,
      valueBytes: 0,
      entries: bytes,
    });
    const maps: MappedFile[] = [];
    const map = (offset: number, length: number, writable: boolean) => {
      const mapped = attempt('mapping a ring buffer', () => calls.mapFile(this.fd, offset, length, writable));
      maps.push(mapped);
      return mapped.bytes;
    };
    try {
      this.#consumed = new BigUint64Array(map(0, page, true), 0, 1);
      const produced = map(page, page + 2 * bytes, false);
      this.#produced = new BigUint64Array(produced, 0, 1);
      this.#words = new Uint32Array(produced, page);
    } catch (error) {
      for (const mapped of maps) mapped.unmap();
      fs.closeSync(this.fd);
      throw error;
    }
    this.#maps = maps;
  }

  /**
   * Takes the records that the program has submitted, in the order of their reservation. One that is reserved and not
   * yet submitted, and those after it, come with the next call.
   */
  drain(): RecordTable<F> {
    const { size } = this.#layout;
    const produced = Number(Atomics.load(this.#produced, 0));
    const most = Math.floor((produced - this.#position) / (HEADER_BYTES + size));
    const records = new Uint32Array((most * size) / 4);
    let filled = 0;
    let position = this.#position;
    while (position < produced) {
      const at = (position & (this.#bytes - 1)) / 4;
      const header = Atomics.load(this.#words, at);
      if (header >= BUSY) break;
      const length = header & LENGTH;
      if ((header & DISCARDED) === 0 && length === size) {
        const from = at + HEADER_BYTES / 4;
        for (let word = 0; word < size / 4; word++) records[filled + word] = this.#words[from + word] ?? 0;
        filled += size / 4;
      }
      position += HEADER_BYTES + Math.ceil(length / 8) * 8;
    }
    this.#position = position;
    Atomics.store(this.#consumed, 0, BigInt(position));
    return new RecordTable(this.#layout, new Uint8Array(records.buffer, 0, filled * 4));
  }

  /** Unmaps it. It must not be used any more; tables that were taken remain valid. */
  close(): void {
    for (const mapped of this.#maps) mapped.unmap();
    fs.closeSync(this.fd);
  }
}
