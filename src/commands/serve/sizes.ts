import { parseMilliseconds } from '../../base/duration.ts';
import { parseSize } from '../../base/size.ts';
import { Failure } from '../../model/failure.ts';

/** Less would not hold the finest tier. */
const MIN_HISTORY_BYTES = 10_000_000;

/** At least an hour, which is the finest tier. @throws {Failure} `usage` */
export function parseKeep(text: string): number {
  const ms = parseMilliseconds(text);
  if (ms === undefined || ms < 3_600_000)
    throw new Failure('usage', `"${text}" is no time of an hour or more; write 30d`);
  return ms;
}

/** @throws {Failure} `usage` */
export function parseHistorySize(text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined || bytes < MIN_HISTORY_BYTES)
    throw new Failure('usage', `"${text}" is no size of 10MB or more; write 500MB`);
  return bytes;
}

/** `30m`; `0` or `off` for none. @throws {Failure} `usage` */
export function parseRecorder(text: string): number {
  if (text === '0' || text === 'off') return 0;
  const ms = parseMilliseconds(text);
  if (ms === undefined || ms < 60_000)
    throw new Failure('usage', `"${text}" is no time of a minute or more; write 30m, or off`);
  return ms;
}

/** @throws {Failure} `usage` for less than a second */
export function parsePushInterval(text: string): number {
  const ms = parseMilliseconds(text);
  if (ms === undefined || ms < 1000) throw new Failure('usage', `"${text}" is no time of a second or more; write 15s`);
  return ms;
}
