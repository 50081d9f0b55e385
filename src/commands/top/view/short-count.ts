/** A number in at most five characters: `99999`, `123k`, `12.3M`. */
export function shortCount(value: number | undefined): string {
  if (value === undefined) return '-';
  if (value < 100_000) return String(Math.round(value * 10) / 10).slice(0, 5);
  return value < 1_000_000 ? `${Math.floor(value / 1000)}k` : `${(value / 1_000_000).toFixed(1)}M`;
}
