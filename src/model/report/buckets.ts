/** Ranges by which measured times are grouped. */
export interface Buckets {
  /** Lower bounds of all ranges but the first, in microseconds. */
  bounds: readonly number[];
  /** Labels of the ranges, from the shortest times to the longest: one more than {@link bounds}. */
  labels: readonly string[];
}

const MS = 1e3;
const S = 1e6;

/** For round-trip times: within a host, a data centre, a region, a continent, the world, and slower. */
export const RTT_BUCKETS: Buckets = {
  bounds: [0.1 * MS, 1 * MS, 10 * MS, 100 * MS, 1 * S],
  labels: ['<100us', '100us-1ms', '1-10ms', '10-100ms', '100ms-1s', '>=1s'],
};

/** For idle times and ages. */
export const TIME_BUCKETS: Buckets = {
  bounds: [1 * S, 10 * S, 60 * S, 600 * S, 3600 * S, 86_400 * S],
  labels: ['<1s', '1-10s', '10-60s', '1-10m', '10-60m', '1-24h', '>=1d'],
};

/** Index of the range of a time in microseconds. A bound belongs to the range above it. */
export function bucketOf({ bounds }: Buckets, us: number): number {
  let index = 0;
  while (index < bounds.length && us >= (bounds[index] ?? 0)) index++;
  return index;
}
