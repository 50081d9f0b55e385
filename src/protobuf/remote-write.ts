/**
 * Prometheus' remote write 1.0: a `WriteRequest` of series with one sample each.
 * https://prometheus.io/docs/specs/prw/remote_write_spec, prompb/types.proto of Prometheus.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** The value that ends a series, StaleNaN of Prometheus' model/value: the bits 0x7ff0000000000002, little endian. */
const STALE = Uint8Array.from([2, 0, 0, 0, 0, 0, 0xf0, 0x7f]);

/** `TimeSeries.labels` of a series, to be kept while it exists. @param pairs sorted by name, `__name__` among them */
export function encodeLabels(pairs: readonly (readonly [name: string, value: string])[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [name, value] of pairs) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(name);
    writer.tag(2, WireType.LengthDelimited).string(value);
    writer.join();
  }
  return writer.finish();
}

/** Writes the samples of one moment. */
export class WriteRequest {
  readonly #writer = new BinaryWriter();
  /** `Sample.timestamp` with its tag, which all samples share. */
  readonly #time: Uint8Array;
  #samples = 0;

  /** @param atMs milliseconds since the epoch */
  constructor(atMs: number) {
    this.#time = new BinaryWriter().tag(2, WireType.Varint).int64(atMs).finish();
  }

  get samples(): number {
    return this.#samples;
  }

  /**
   * Adds a sample.
   *
   * @param labels of {@link encodeLabels}
   * @param value `stale` for the end of the series
   */
  add(labels: Uint8Array, value: number | 'stale'): void {
    const sampleBytes = 1 + 8 + this.#time.length;
    this.#writer.tag(1, WireType.LengthDelimited).uint32(labels.length + 2 + sampleBytes);
    this.#writer.raw(labels).tag(2, WireType.LengthDelimited).uint32(sampleBytes).tag(1, WireType.Bit64);
    if (value === 'stale') this.#writer.raw(STALE);
    else this.#writer.double(value);
    this.#writer.raw(this.#time);
    this.#samples++;
  }

  /** The message. Nothing may be added afterwards. */
  finish(): Uint8Array {
    return this.#writer.finish();
  }
}
