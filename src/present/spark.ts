const BARS = '▁▂▃▄▅▆▇█';

/** A line of bars for the last values, the lowest of them at the bottom; a flat line for what does not change. */
export function spark(values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const low = Math.min(...shown);
  const high = Math.max(...shown);
  return shown
    .map((value) => BARS.charAt(high === low ? 0 : Math.round(((value - low) / (high - low)) * (BARS.length - 1))))
    .join('');
}
