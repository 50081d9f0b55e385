import { lacksUnit, parseQuantity, threeDigits } from './quantity.ts';

const MICROSECONDS: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1e3,
  s: 1e6,
  sec: 1e6,
  m: 60e6,
  min: 60e6,
  h: 3600e6,
  d: 86_400e6,
};

/** Units to name in error messages. */
export const DURATION_UNITS = ['us', 'ms', 's', 'm', 'h', 'd'];

/** Parses `30s`, `1.5ms`, `5m` into microseconds; undefined for anything else. Only 0 needs no unit. */
export function parseMicroseconds(text: string): number | undefined {
  return parseQuantity(text, MICROSECONDS, undefined);
}

/** Parses `30s`, `1.5ms`, `5m` into milliseconds; undefined for anything else. Only 0 needs no unit. */
export function parseMilliseconds(text: string): number | undefined {
  const us = parseMicroseconds(text);
  return us === undefined ? undefined : us / 1000;
}

/** Why a text is not a duration longer than zero, as a predicate: `has no unit`, `is zero`, `is not a duration`. */
export function durationFault(text: string): string {
  if (lacksUnit(text)) return 'has no unit';
  return parseMicroseconds(text) === 0 ? 'is zero' : 'is not a duration';
}

/** {@link durationFault} as an error message with examples of durations. */
export function durationError(text: string): string {
  return `"${text}" ${durationFault(text)}; write 5s, 500ms or 2m`;
}

/** Formats microseconds in the largest unit that gives a whole number, `1500us`, `30s`; {@link parseMicroseconds} is the inverse. */
export function exactDurationText(us: number): string {
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const factor = MICROSECONDS[unit] ?? 1;
    if (us !== 0 && us % factor === 0) return `${us / factor}${unit}`;
  }
  return us === 0 ? '0' : `${us}us`;
}

/** Formats milliseconds, rounded: `85us`, `1.2ms`, `3.4s`, `5m12s`, `2h03m`, `4d05h`. */
export function durationText(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)}us`;
  if (ms < 1000) return `${threeDigits(ms, false)}ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${threeDigits(seconds, false)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h${two((seconds % 3600) / 60)}m`;
  return `${Math.floor(seconds / 86_400)}d${two((seconds % 86_400) / 3600)}h`;
}

/** The time of day with milliseconds, in the machine's time zone: `14:03:59.120`. */
export function clockText(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, '0');
}

/** Milliseconds rounded to microseconds: the order of events that a millisecond does not tell apart stays. */
export function microseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
