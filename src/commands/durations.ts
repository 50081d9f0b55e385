import { durationError, parseMilliseconds } from '../base/duration.ts';
import { Failure } from '../model/failure.ts';

/**
 * Milliseconds of an option's value: `500ms`, `30s`, `5m`, `2h`.
 *
 * @throws {Failure} `usage` for anything else, for zero and for a number without a unit
 */
export function parseTime(text: string): number {
  const ms = parseMilliseconds(text);
  if (ms === undefined || ms === 0) throw new Failure('usage', durationError(text));
  return ms;
}
