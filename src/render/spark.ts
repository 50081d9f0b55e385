const BARS = '▁▂▃▄▅▆▇█';

/** A sparkline of the last values, scaled from their minimum to their maximum; flat for equal values. */
export function spark(values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const low = Math.min(...shown);
  const high = Math.max(...shown);
  return shown
    .map((value) => BARS.charAt(high === low ? 0 : Math.round(((value - low) / (high - low)) * (BARS.length - 1))))
    .join('');
}
