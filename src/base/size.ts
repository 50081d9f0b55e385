import { parseQuantity, threeDigits } from './quantity.ts';

const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** Units to name in error messages. */
export const SIZE_UNITS = ['B', 'kB', 'KiB', 'MB', 'MiB', 'GB', 'GiB'];

/** Parses `1500`, `64KiB` into bytes; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, BYTES, 1);
}

const SUFFIXES = ['B', 'K', 'M', 'G', 'T', 'P'];

/** Formats bytes with at most three digits: `999B`, `1.5K`, `23M`. The units are powers of 1024. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < SUFFIXES.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${threeDigits(value, unit === 0)}${SUFFIXES[unit]}`;
}
