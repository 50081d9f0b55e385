const SIZES = ['B', 'K', 'M', 'G', 'T', 'P'];

/** `999B`, `1.5K`, `23M`: powers of 1024, three digits at most. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < SIZES.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${threeDigits(value, unit === 0)}${SIZES[unit]}`;
}

/** `85us`, `1.2ms`, `3.4s`, `5m12s`, `2h03m`, `4d05h`. */
export function durationText(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)}us`;
  if (ms < 1000) return `${threeDigits(ms, false)}ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${threeDigits(seconds, false)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h${two((seconds % 3600) / 60)}m`;
  return `${Math.floor(seconds / 86_400)}d${two((seconds % 86_400) / 3600)}h`;
}

/** The time of day with milliseconds, in the machine's own zone: `14:03:59.120`. */
export function clockText(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

function threeDigits(value: number, whole: boolean): string {
  return whole || value >= 99.95 ? String(Math.round(value)) : String(Number(value.toFixed(1)));
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, '0');
}
