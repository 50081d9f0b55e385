import { ATTRIBUTES, CUMULATIVE, encodeAttributes, metricsRequest } from '../../protobuf/otlp.ts';
import type { LabelSet } from '../metrics/label-set.ts';
import type { MetricFamily, MetricsView } from '../metrics/metric-family.ts';
import { otlpAttributes, otlpMetric } from './metric-names.ts';
import type { OtlpResource } from './resource.ts';

/** Nanoseconds of a millisecond. */
const NS = 1_000_000n;

/** Nanoseconds since the epoch. */
export function nanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms)) * NS;
}

/** Points of a metric. */
interface Points {
  numbers: { startTimeUnixNano?: bigint; timeUnixNano: bigint; asDouble: number; attributes: Uint8Array }[];
  histograms: {
    startTimeUnixNano: bigint;
    timeUnixNano: bigint;
    count: bigint;
    sum: number;
    bucketCounts: bigint[];
    explicitBounds: number[];
    attributes: Uint8Array;
  }[];
}

/** Makes the requests that export metrics, one a round. What a series keeps, its labels and its start, is made once. */
export class MetricsExport {
  readonly #resource: OtlpResource;
  readonly #numberAttributes = new WeakMap<LabelSet, Uint8Array>();
  readonly #histogramAttributes = new WeakMap<LabelSet, Uint8Array>();
  /** Since when a series counts, by its labels: the round before the first that had it. */
  readonly #starts = new WeakMap<LabelSet, bigint>();
  #lastMs: number;

  /** @param startedMs since when metrics are counted */
  constructor(resource: OtlpResource, startedMs: number) {
    this.#resource = resource;
    this.#lastMs = startedMs;
  }

  /** The request with the values of now. */
  request(families: readonly MetricFamily[], view: MetricsView): Uint8Array {
    const timeUnixNano = nanoseconds(view.nowMs);
    const metrics = families.flatMap((family) => {
      const named = otlpMetric(family);
      if (named === undefined) return [];
      const isSum = family.type === 'counter' || named.isUpDown;
      const { numbers, histograms } = this.#points(family, view, timeUnixNano, isSum);
      if (numbers.length + histograms.length === 0) return [];
      const { name, unit } = named;
      const head = { name, unit, description: family.help };
      const aggregationTemporality = CUMULATIVE;
      if (family.type === 'histogram')
        return { ...head, histogram: { dataPoints: histograms, aggregationTemporality } };
      const isMonotonic = family.type === 'counter';
      if (isSum) return { ...head, sum: { dataPoints: numbers, aggregationTemporality, isMonotonic } };
      return { ...head, gauge: { dataPoints: numbers } };
    });
    this.#lastMs = view.nowMs;
    const { resource, scope } = this.#resource;
    return metricsRequest.encode({ resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] } as Parameters<
      typeof metricsRequest.encode
    >[0]);
  }

  #points({ read }: MetricFamily, view: MetricsView, timeUnixNano: bigint, isSum: boolean): Points {
    const points: Points = { numbers: [], histograms: [] };
    read(view, (labels, value) => {
      if (typeof value === 'number') {
        const attributes = kept(this.#numberAttributes, labels, ATTRIBUTES.numberPoint);
        // A gauge has no start.
        const start = isSum ? { startTimeUnixNano: this.#startOf(labels, timeUnixNano) } : {};
        points.numbers.push({ ...start, timeUnixNano, asDouble: value, attributes });
        return;
      }
      points.histograms.push({
        ...{
          startTimeUnixNano: this.#startOf(labels, timeUnixNano),
          timeUnixNano,
          count: BigInt(value.count),
          sum: value.sum,
        },
        bucketCounts: value.counts.map(BigInt),
        explicitBounds: [...value.bounds],
        attributes: kept(this.#histogramAttributes, labels, ATTRIBUTES.histogramPoint),
      });
    });
    return points;
  }

  #startOf(labels: LabelSet, time: bigint): bigint {
    const known = this.#starts.get(labels) ?? nanoseconds(this.#lastMs);
    // After a clock that was set back nothing starts later than it is.
    const start = known < time ? known : time;
    this.#starts.set(labels, start);
    return start;
  }
}

function kept(cache: WeakMap<LabelSet, Uint8Array>, labels: LabelSet, field: number): Uint8Array {
  let bytes = cache.get(labels);
  if (bytes === undefined) {
    bytes = encodeAttributes(otlpAttributes(labels.pairs), field);
    cache.set(labels, bytes);
  }
  return bytes;
}
