import { Failure } from '../model/failure.ts';

/** Milliseconds. */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };

/**
 * Milliseconds of a flag's value: `500ms`, `30s`, `5m`, `2h`.
 *
 * @throws {Failure} `usage` for anything else, a number without its unit too
 */
export function parseTime(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(text);
  const factor = UNITS[match?.[2] ?? ''];
  if (match === null || factor === undefined || Number(match[1]) === 0) {
    throw new Failure('usage', `"${text}" is no time; write 500ms, 30s, 5m or 2h`);
  }
  return Number(match[1]) * factor;
}
