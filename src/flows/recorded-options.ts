import { openRecording } from '../collect/recording-file.ts';
import type { Recorded } from '../collect/sampling/open-source.ts';

export type { Recorded };

import { Failure } from '../model/failure.ts';

/** `--from`, `--at`, `--speed` as they were given. */
export interface RecordedFlags {
  from?: string;
  at?: string;
  /** How many times faster; `Infinity` for as fast as it can be read. */
  speed?: number;
}

/**
 * Which part of which recording is meant; undefined where none is.
 *
 * @throws {Failure} `usage` for a time that is none, and without `--from`
 */
export async function recordedOf(
  { from, at, speed }: RecordedFlags,
  usualSpeed?: number,
): Promise<Recorded | undefined> {
  if (from === undefined) {
    if (at !== undefined || speed !== undefined)
      throw new Failure('usage', `${at === undefined ? '--speed' : '--at'} goes with --from`);
    return undefined;
  }
  const chosen = speed ?? usualSpeed;
  return {
    file: from,
    untilMs: at === undefined ? undefined : await momentOf(from, at),
    speed: chosen === Number.POSITIVE_INFINITY ? undefined : chosen,
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `+90s` since the recording began, `14:03:59` on the day that it began, or an ISO 8601 time. */
async function momentOf(file: string, text: string): Promise<number> {
  const recording = await openRecording(file);
  recording.close();
  const { startedAtMs } = recording.reader.header;
  const after = /^\+(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (after !== null) return startedAtMs + Number(after[1]) * (UNITS[after[2] ?? ''] ?? 0);
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d{1,3})?))?$/.exec(text);
  if (clock !== null) {
    const day = new Date(startedAtMs);
    const seconds = Number(clock[3] ?? 0);
    day.setHours(Number(clock[1]), Number(clock[2]), Math.floor(seconds), Math.round((seconds % 1) * 1000));
    // Past midnight it is the next day.
    return day.getTime() < startedAtMs - 1000 ? day.getTime() + 86_400_000 : day.getTime();
  }
  const moment = Date.parse(text);
  if (Number.isNaN(moment)) throw new Failure('usage', `--at ${text}: write +90s, 14:03:59 or 2026-01-31T14:03:59Z`);
  return moment;
}
