import { compress } from 'snappyjs';
import { encodeLabels, WriteRequest } from '../../protobuf/remote-write.ts';
import { eachNumber } from '../metrics/flat-series.ts';
import type { LabelPair, LabelSet } from '../metrics/label-set.ts';
import type { MetricFamily, MetricsView } from '../metrics/metric-family.ts';
import type { PushBatch } from './push-ring.ts';

/** Samples of one request. */
const MOST_SAMPLES = 10_000;

/** Makes the requests of rounds, and remembers which series there are: one that ends gets a marker. */
export class PushEncoder {
  readonly #own: readonly LabelPair[];
  readonly #series = new Map<string, { labels: Uint8Array; round: number }>();
  #round = 0;

  /** @param own labels that every series gets: `job`, `instance`, `host` */
  constructor(own: readonly LabelPair[]) {
    this.#own = own;
  }

  /** The requests of a round. @param atMs of the samples, milliseconds since the epoch */
  round(families: readonly MetricFamily[], view: MetricsView, atMs: number): PushBatch[] {
    this.#round++;
    const requests = new Requests(atMs);
    eachNumber(families, view, (name, labels, value, le) => {
      requests.add(this.#labelsOf(name, labels, le), value);
    });
    this.#endOld(requests);
    return requests.batches();
  }

  /** The requests that end every series. */
  end(atMs: number): PushBatch[] {
    this.#round++;
    const requests = new Requests(atMs);
    this.#endOld(requests);
    return requests.batches();
  }

  #endOld(requests: Requests): void {
    for (const [key, { labels, round }] of this.#series) {
      if (round === this.#round) continue;
      requests.add(labels, 'stale');
      this.#series.delete(key);
    }
  }

  #labelsOf(name: string, labels: LabelSet, le: string | undefined): Uint8Array {
    const key = `${name}${labels.text}${le ?? ''}`;
    const known = this.#series.get(key);
    if (known !== undefined) {
      known.round = this.#round;
      return known.labels;
    }
    const bucket: readonly LabelPair[] = le === undefined ? [] : [['le', le]];
    // A label of the metric goes before one of the sender: a host label of its own is the same.
    const pairs = new Map<string, string>([...this.#own, ['__name__', name], ...labels.pairs, ...bucket]);
    const bytes = encodeLabels([...pairs].sort(([a], [b]) => (a < b ? -1 : 1)));
    this.#series.set(key, { labels: bytes, round: this.#round });
    return bytes;
  }
}

/** Requests of a bounded size. */
class Requests {
  readonly #atMs: number;
  readonly #requests: WriteRequest[] = [];

  constructor(atMs: number) {
    this.#atMs = atMs;
  }

  add(labels: Uint8Array, value: number | 'stale'): void {
    let request = this.#requests.at(-1);
    if (request === undefined || request.samples >= MOST_SAMPLES) {
      request = new WriteRequest(this.#atMs);
      this.#requests.push(request);
    }
    request.add(labels, value);
  }

  batches(): PushBatch[] {
    return this.#requests.map((request) => ({
      atMs: this.#atMs,
      samples: request.samples,
      bytes: compress(request.finish()),
    }));
  }
}
