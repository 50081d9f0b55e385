/** A number that was read at a time. */
export interface Reading {
  /** Milliseconds, from any beginning. */
  atMs: number;
  value: number;
}

/**
 * How fast a number grows, a minute: the slope of the line that fits all readings best (least squares).
 *
 * @returns undefined for fewer than two readings at different times
 */
export function perMinute(readings: readonly Reading[]): number | undefined {
  const count = readings.length;
  const meanAt = readings.reduce((sum, { atMs }) => sum + atMs, 0) / count;
  const meanValue = readings.reduce((sum, { value }) => sum + value, 0) / count;
  let covariance = 0;
  let variance = 0;
  for (const { atMs, value } of readings) {
    covariance += (atMs - meanAt) * (value - meanValue);
    variance += (atMs - meanAt) ** 2;
  }
  return variance > 0 ? (covariance / variance) * 60_000 : undefined;
}

/**
 * When a number that grows so fast reaches its limit, in milliseconds from now.
 *
 * @param slope a minute
 * @returns undefined when it does not grow, or has no limit; 0 when it is there
 */
export function timeLeftMs(value: number, limit: number, slope: number | undefined): number | undefined {
  if (value >= limit) return 0;
  if (slope === undefined || slope <= 0 || !Number.isFinite(limit)) return undefined;
  return ((limit - value) / slope) * 60_000;
}
