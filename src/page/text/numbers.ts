const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A count with all its digits: `28,232`. */
export function countText(value: number): string {
  // Intl takes a microsecond, and most numbers are small.
  return value < 1000 && Number.isInteger(value) ? String(value) : grouped.format(value);
}

/** A count at an axis: all digits up to 99,999, from there on `100 k`, `1.5 M`. */
export function axisText(value: number): string {
  if (value < 1 && value > 0) return String(Number(value.toPrecision(2)));
  if (value < 100_000) return grouped.format(value);
  if (value < 1_000_000) return `${Number((value / 1000).toPrecision(4))} k`;
  return `${Number((value / 1_000_000).toPrecision(3))} M`;
}

/** A rate: one decimal below 100. */
export function rateText(perSecond: number): string {
  if (perSecond === 0) return '0';
  if (perSecond < 0.05) return '< 0.1';
  return perSecond < 99.95 ? String(Number(perSecond.toFixed(1))) : grouped.format(perSecond);
}

/** A short time, of microseconds: `80 µs`, `0.4 ms`, `1.2 s`. */
export function microsText(us: number): string {
  const [value, unit] = us < 100 ? [us, 'µs'] : us < 1_000_000 ? [us / 1000, 'ms'] : [us / 1_000_000, 's'];
  return `${value >= 100 ? grouped.format(value) : Number(value.toPrecision(2))} ${unit}`;
}

/** A part in per cent with one decimal: for costs, which are small. */
export function costText(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

/** A part in per cent, without a decimal; never rounded to 0 or to 100. */
export function percentText(part: number): string {
  const percent = part * 100;
  if (percent > 0 && percent < 1) return '< 1 %';
  if (percent < 100 && percent > 99) return '99 %';
  return `${Math.round(percent)} %`;
}

/** Bytes in the largest binary unit: `118 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1 container`, `3 containers`. */
export function many(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}
