import { dayText, minuteText, clockText as secondText } from '../text/times.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND],
  ...[MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE],
  ...[HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 10 * DAY, 30 * DAY, 90 * DAY],
];
const WANTED = 7;

/** A mark of the ruler. */
export interface Tick {
  ms: number;
  text: string;
  /** Every second one, whose text is left out where there is little room. */
  isMinor: boolean;
}

/** Round times of the browser's zone within a part of time. */
export function ticksOf(fromMs: number, toMs: number): Tick[] {
  const step = STEPS.find((size) => (toMs - fromMs) / size <= WANTED) ?? 90 * DAY;
  const zone = new Date(toMs).getTimezoneOffset() * MINUTE;
  const first = Math.ceil((fromMs - zone) / step) * step + zone;
  const ticks: Tick[] = [];
  for (let ms = first; ms <= toMs; ms += step) {
    const text = step >= DAY ? dayText(ms) : step < MINUTE ? secondText(ms) : minuteText(ms);
    const isMidnight = step < DAY && minuteText(ms) === '00:00' && step >= MINUTE;
    ticks.push({ ms, text: isMidnight ? dayText(ms) : text, isMinor: ((ms - zone) / step) % 2 !== 0 });
  }
  return ticks;
}

/** Part of the ruler that a name may take, per cent. */
const NAME_ROOM = 25;

/** Where the name of a bar is: left or right of it, or on it where both ends are outside or near the edge. */
export function laneOf(left: number, right: number, beginsBefore: boolean): 'left' | 'right' | 'in' {
  if (!beginsBefore && left >= NAME_ROOM) return 'left';
  return right <= 100 - NAME_ROOM ? 'right' : 'in';
}
