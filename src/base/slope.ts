/** A value measured at a time. */
export interface TimedValue {
  /** Milliseconds since any fixed time. */
  atMs: number;
  value: number;
}

/**
 * Growth per minute: the slope of the least-squares line through all values.
 *
 * @returns undefined for fewer than two values at different times
 */
export function perMinute(values: readonly TimedValue[]): number | undefined {
  const count = values.length;
  const meanAt = values.reduce((sum, { atMs }) => sum + atMs, 0) / count;
  const meanValue = values.reduce((sum, { value }) => sum + value, 0) / count;
  let covariance = 0;
  let variance = 0;
  for (const { atMs, value } of values) {
    covariance += (atMs - meanAt) * (value - meanValue);
    variance += (atMs - meanAt) ** 2;
  }
  return variance > 0 ? (covariance / variance) * 60_000 : undefined;
}

/**
 * Milliseconds until a growing value reaches its limit.
 *
 * @param limit `Infinity` for none
 * @param slope growth per minute; undefined where it is not known
 * @returns undefined when the value does not grow or has no limit; 0 when it has reached the limit
 */
export function timeLeftMs(value: number, limit: number, slope: number | undefined): number | undefined {
  if (value >= limit) return 0;
  if (slope === undefined || slope <= 0 || !Number.isFinite(limit)) return undefined;
  return ((limit - value) / slope) * 60_000;
}
