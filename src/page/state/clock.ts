import { computed, signal } from '@preact/signals';
import { PRESETS } from './address.ts';
import { nowMs } from './live.ts';
import { recordedAnswers } from './request.ts';
import { route, show } from './route.ts';

/** The time under the pointer, milliseconds since the epoch, in whichever chart it is; undefined for none. */
export const cursorMs = signal<number | undefined>(undefined);

/** Whether the numbers are those of now. */
export const isLive = computed(() => 'lastMs' in route.value.time);

/** Whether there will be more of what is shown: it is up to now, and no recording. */
export const isGrowing = computed(() => isLive.value && recordedAnswers.value === undefined);

/** What all charts show. */
export const range = computed(() => {
  const { time } = route.value;
  if (!('lastMs' in time)) return time;
  const toMs = nowMs();
  return { fromMs: toMs - time.lastMs, toMs };
});

/** Shows the last milliseconds, up to now. */
export function showLast(ms: number): void {
  show({ time: { lastMs: ms } });
}

/** Returns to now, with the length of time that was shown before the first zoom. */
export function backToLive(): void {
  if (isLive.peek()) return;
  cursorMs.value = undefined;
  show({ time: { lastMs: beforeZoom } });
}

const SHORTEST_MS = 5000;
let beforeZoom = 3_600_000;

/** Shows a part of time in all charts and lists; one that is too short is widened. */
export function zoomTo(fromMs: number, toMs: number): void {
  const { time } = route.peek();
  if ('lastMs' in time) beforeZoom = time.lastMs;
  const missing = Math.max(0, SHORTEST_MS - (toMs - fromMs));
  show({ time: { fromMs: Math.floor(fromMs - missing / 2), toMs: Math.ceil(toMs + missing / 2) } });
}

/** Twice as much time around what is shown. */
export function zoomOut(): void {
  const { fromMs, toMs } = range.peek();
  const length = toMs - fromMs;
  const next = PRESETS.find(({ ms }) => ms > length);
  if (isLive.peek()) {
    if (next !== undefined) showLast(next.ms);
  } else zoomTo(fromMs - length / 2, Math.min(toMs + length / 2, nowMs()));
}

/** Moves by a quarter of what is shown, at most up to now. */
export function step(direction: -1 | 1): void {
  const { fromMs, toMs } = range.peek();
  const length = toMs - fromMs;
  const end = Math.min(toMs + (direction * length) / 4, nowMs());
  if (isLive.peek() && direction > 0) return;
  zoomTo(end - length, end);
}
