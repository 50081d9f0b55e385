const two = (value: number): string => String(value).padStart(2, '0');

/** The time of day in the browser's zone, `21:07:10`. */
export function clockText(ms: number): string {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** The time of day without seconds, `21:07`. */
export function minuteText(ms: number): string {
  return clockText(ms).slice(0, 5);
}

/** The day in the browser's zone, `26 Nov`. */
export function dayText(ms: number): string {
  const at = new Date(ms);
  const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][at.getMonth()];
  return `${at.getDate()} ${month}`;
}

/** A time with its day, where that is another one than that of `now`. */
export function momentText(ms: number, now: number): string {
  const isToday = new Date(ms).toDateString() === new Date(now).toDateString();
  return isToday ? clockText(ms) : `${dayText(ms)} ${clockText(ms)}`;
}

/** The same in UTC, for the hint at a time: `2026-11-30 20:07:10 UTC`. */
export function utcText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A length of time in two units: `4 min 20 s`, `1 h 52 min`, `6 d 4 h`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return joined(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  if (seconds < 86_400) return joined(Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'min');
  return joined(Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3600), 'h');
}

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The browser's time zone with its distance from UTC: `Europe/Berlin (UTC+1)`. */
export function zoneText(at: number): string {
  const minutes = -new Date(at).getTimezoneOffset();
  const hours = Math.floor(Math.abs(minutes) / 60);
  const rest = Math.abs(minutes) % 60;
  const distance = minutes === 0 ? '' : `${minutes > 0 ? '+' : '−'}${hours}${rest === 0 ? '' : `:${two(rest)}`}`;
  return `${ZONE} (UTC${distance})`;
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
