import { computed, signal } from '@preact/signals';
import { isLive, range, zoomTo } from './clock.ts';
import { route, show } from './route.ts';

/** Whether the page shows one moment of the time shown: then the ruler is its slider. */
export const hasMoment = computed(() => route.value.page === 'map');

/** Distance of two moments that differ, milliseconds. */
export const momentStepMs = signal(10_000);

/** While the slider is moved, or it plays; the address has it afterwards. */
const moving = signal<number | undefined>(undefined);

/** The moment that is shown: the end of the time shown, where none was chosen. */
export const moment = computed(() => {
  const { fromMs, toMs } = range.value;
  if (isLive.value) return toMs;
  const at = moving.value ?? addressed(route.value.options.at);
  return at === undefined ? toMs : Math.min(Math.max(at, fromMs), toMs);
});

function addressed(text: string | undefined): number | undefined {
  const seconds = Number(text ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

/** Shows another moment; the time shown stays from then on. It is in the address after {@link settle}. */
export function moveTo(ms: number): void {
  const { fromMs, toMs } = range.peek();
  if (isLive.peek()) zoomTo(fromMs, toMs);
  moving.value = Math.min(Math.max(ms, fromMs), toMs);
}

/** Puts the moment into the address. */
export function settle(): void {
  const at = moving.peek();
  if (at === undefined) return;
  show({ options: { ...route.peek().options, at: String(Math.round(at / 1000)) } }, false);
  moving.value = undefined;
}

/** Moves by a step. */
export function stepMoment(direction: -1 | 1): void {
  stopPlaying();
  moveTo(moment.peek() + direction * momentStepMs.peek());
  settle();
}

/** Whether the moment moves by itself. */
export const isPlaying = signal(false);

const SPEEDS = [10, 60, 300, 1800, 7200, 43_200] as const;
/** All of the time shown is played in about so long, milliseconds. */
const PLAYED_IN_MS = 60_000;

/** How much faster than it was. */
export const playSpeed = computed(() => {
  const { fromMs, toMs } = range.value;
  const wanted = (toMs - fromMs) / PLAYED_IN_MS;
  return SPEEDS.find((speed) => speed >= wanted) ?? SPEEDS[SPEEDS.length - 1] ?? 10;
});

/** Plays from the moment on, from the beginning at the end; or stops. */
export function switchPlaying(): void {
  if (isPlaying.peek()) {
    stopPlaying();
    return;
  }
  const { fromMs, toMs } = range.peek();
  moveTo(isLive.peek() || moment.peek() >= toMs ? fromMs : moment.peek());
  isPlaying.value = true;
  let beforeMs: number | undefined;
  const frame = (nowMs: number) => {
    if (!isPlaying.peek()) return;
    if (!hasMoment.peek() || isLive.peek()) {
      stopPlaying();
      return;
    }
    moveTo(moment.peek() + (nowMs - (beforeMs ?? nowMs)) * playSpeed.peek());
    beforeMs = nowMs;
    if (moment.peek() >= range.peek().toMs) stopPlaying();
    else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/** Stops where it is. */
export function stopPlaying(): void {
  if (!isPlaying.peek()) return;
  isPlaying.value = false;
  settle();
}
