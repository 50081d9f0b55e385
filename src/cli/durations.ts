import { Failure } from '../model/failure.ts';

/** Milliseconds. */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };

/**
 * Milliseconds of an option's value: `500ms`, `30s`, `5m`, `2h`.
 *
 * @throws {Failure} `usage` for anything else, for zero and for a number without a unit
 */
export function parseTime(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(text);
  const factor = UNITS[match?.[2] ?? ''];
  if (match === null || factor === undefined || Number(match[1]) === 0) {
    throw new Failure('usage', mistake(text));
  }
  return Number(match[1]) * factor;
}

function mistake(text: string): string {
  if (/^\d+(\.\d+)?$/.test(text)) return `"${text}" has no unit; write ${text}s, 500ms or 2m`;
  return `"${text}" is not a duration; write 500ms, 30s, 5m or 2h`;
}
