import fs from 'node:fs';
import type { Fields, RecordLayout } from '../../bpf/record-layout.ts';
import { ColumnMemory, RecordTable, ReusedMemory } from '../../bpf/record-table.ts';
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
  /**
   * The records. The kernel offers the buffer twice in a row, so that none is split; it is mapped once, because all that
   * is mapped is resident, and where one is split its words are put together.
   */
  readonly #words: Uint32Array;
  /** Written and read between two reads that must not change places. */
  readonly #fence = new Int32Array(new SharedArrayBuffer(4));
  #position = 0;
  /** For the records of a call of {@link drain}. */
  readonly #records = new ReusedMemory();
  readonly #columns = new ColumnMemory();

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
      const produced = map(page, page + bytes, false);
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
   *
   * @returns a table that is valid until the next call, which uses its memory
   */
  drain(): RecordTable<F> {
    const stride = HEADER_BYTES + this.#layout.size;
    const produced = Number(Atomics.load(this.#produced, 0));
    const begin = this.#position;
    const { end, rows } = this.#complete(begin, produced);
    // What the records contain is read after their headers, on processors that may change the order of loads too.
    Atomics.store(this.#fence, 0, 0);
    Atomics.load(this.#fence, 0);
    const words = new Uint32Array(this.#records.take(rows * stride), 0, (rows * stride) / 4);
    if (rows * stride === end - begin) this.#copy(words, 0, begin, end);
    else this.#copyEach(words, begin, end);
    this.#position = end;
    Atomics.store(this.#consumed, 0, BigInt(end));
    // Without the header of the first one.
    const bytes = new Uint8Array(words.buffer, 0, words.byteLength).subarray(HEADER_BYTES);
    return new RecordTable(this.#layout, bytes, this.#columns, HEADER_BYTES);
  }

  /** Where the records end that are submitted, and how many of these are of the layout. */
  #complete(begin: number, produced: number): { end: number; rows: number } {
    const words = this.#words;
    const last = words.length - 1;
    let rows = 0;
    let position = begin;
    while (position < produced) {
      const header = words[(position / 4) & last] ?? 0;
      if (header >= BUSY) break;
      if (this.#isRecord(header)) rows++;
      position += lengthOf(header);
    }
    return { end: position, rows };
  }

  #isRecord(header: number): boolean {
    return header === this.#layout.size;
  }

  /** Copies what is from one position to another, with its headers. @param at index in `words` */
  #copy(words: Uint32Array, at: number, begin: number, end: number): void {
    const from = (begin & (this.#bytes - 1)) / 4;
    const count = (end - begin) / 4;
    const first = Math.min(count, this.#words.length - from);
    words.set(this.#words.subarray(from, from + first), at);
    if (first < count) words.set(this.#words.subarray(0, count - first), at + first);
  }

  /** Copies the records of the layout where others are between them. */
  #copyEach(words: Uint32Array, begin: number, end: number): void {
    const last = this.#words.length - 1;
    let at = 0;
    for (let position = begin; position < end; ) {
      const header = this.#words[(position / 4) & last] ?? 0;
      const next = position + lengthOf(header);
      if (this.#isRecord(header)) {
        this.#copy(words, at, position, next);
        at += (next - position) / 4;
      }
      position = next;
    }
  }

  /** Unmaps it. It must not be used any more; the last table that was taken remains valid. */
  close(): void {
    for (const mapped of this.#maps) mapped.unmap();
    fs.closeSync(this.fd);
  }
}

/** Bytes of a record with its header. */
function lengthOf(header: number): number {
  return HEADER_BYTES + Math.ceil((header & LENGTH) / 8) * 8;
}
