import { Failure } from '../../model/failure.ts';
import { parseTime } from '../durations.ts';

/** More often than this would measure little but itself. */
const SHORTEST_MS = 100;

/**
 * Milliseconds between two ticks.
 *
 * @throws {Failure} `usage` for less than 100 ms
 */
export function parseInterval(text: string): number {
  const ms = parseTime(text);
  if (ms < SHORTEST_MS) throw new Failure('usage', `"${text}" is too short an interval; from ${SHORTEST_MS}ms on`);
  return ms;
}
