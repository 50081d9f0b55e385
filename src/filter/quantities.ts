/** Microseconds. */
const TIME_UNITS: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1e3,
  s: 1e6,
  sec: 1e6,
  m: 60e6,
  min: 60e6,
  h: 3600e6,
  d: 86_400e6,
};

const BYTE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** Units to propose. */
export const TIMES = ['us', 'ms', 's', 'm', 'h', 'd'];
export const SIZES = ['B', 'kB', 'KiB', 'MB', 'MiB', 'GB', 'GiB'];

const QUANTITY = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/;

/** Microseconds of `30s`, `1.5ms`, `5m`; undefined for anything else. Only 0 needs no unit. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, TIME_UNITS, undefined);
}

/** Bytes of `1500`, `64KiB`; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, BYTE_UNITS, 1);
}

/** Whether a text is a number that only lacks its unit. */
export function lacksUnit(text: string): boolean {
  return QUANTITY.exec(text)?.[2] === '';
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>, bare: number | undefined) {
  const match = QUANTITY.exec(text);
  if (match === null) return undefined;
  const number = Number(match[1]);
  const unit = (match[2] ?? '').toLowerCase();
  if (unit === '') return number === 0 ? 0 : bare === undefined ? undefined : number * bare;
  const factor = units[unit];
  return factor === undefined ? undefined : number * factor;
}

/** A duration in the largest unit that leaves a whole number: `1500us`, `30s`. */
export function formatDuration(us: number): string {
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const factor = TIME_UNITS[unit] ?? 1;
    if (us !== 0 && us % factor === 0) return `${us / factor}${unit}`;
  }
  return us === 0 ? '0' : `${us}us`;
}
