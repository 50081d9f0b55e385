import { batch, computed, effect, signal } from '@preact/signals';
import type { ConnectionsAnswer, EventBatch, EventNumbers } from '../../../serve/protocol/connections.ts';
import type { HistoryAnswer } from '../../../serve/protocol/history.ts';
import { isGrowing, range } from '../../state/clock.ts';
import { isStreaming } from '../../state/connection.ts';
import { sentFilter } from '../../state/filter.ts';
import { eventBatch, isFrozen } from '../../state/live.ts';
import { pause, TYPING_MS } from '../../state/pause.ts';
import { RequestError, request } from '../../state/request.ts';
import { route } from '../../state/route.ts';
import { rulerGaps } from '../../state/ruler-gaps.ts';
import { streamQuery } from '../../state/stream-query.ts';
import { POINTS, type SecondNumbers, withSeconds } from './histogram.ts';
import { type Line, linesOf, MOST_LINES, NO_EVENTS, sumOf, totalOf, withBatch } from './lines.ts';

/** What came by the stream since the view or its filter was opened. */
export interface Received {
  lines: readonly Line[];
  /** All events, those that are not among the lines too. */
  counts: EventNumbers;
  /** Events among the lines when they came. */
  shown: number;
  undecided: number;
  sinceMs: number;
}

export const received = signal<Received | undefined>(undefined);
export const seconds = signal<readonly SecondNumbers[]>([]);
/** What is stored of the time shown, up to what the stream has; undefined before it is there. */
export const stored = signal<ConnectionsAnswer | undefined>(undefined);
export const storedRates = signal<HistoryAnswer | undefined>(undefined);
/** Why the server does not answer. */
export const fault = signal<{ message: string; details: readonly string[] } | undefined>(undefined);
/** Events that came while the page is frozen. */
export const waitingCount = computed(() => waiting.value.reduce((sum, { counts }) => sum + totalOf(counts), 0));

const waiting = signal<readonly EventBatch[]>([]);
/** Batches that wait at most: ten minutes. */
const MOST_WAITING = 600;

/** The last seconds are written after so long. */
const WRITTEN_MS = 12_000;
/** Rates are read again so often, milliseconds. */
const RATES_MS = 10_000;

/** All lines, the newest first. */
export const lines = computed((): readonly Line[] => {
  const live = received.value?.lines ?? [];
  const past = stored.value === undefined ? [] : linesOf(stored.value.events, stored.value.marks);
  return [...live, ...past].slice(0, MOST_LINES);
});

/** Takes events, and reads what is stored, while the view is open. @returns a function that ends this */
export function followEvents(): () => void {
  let abort = new AbortController();
  const question = computed(() => JSON.stringify([route.value.time, sentFilter.value, isGrowing.value]));
  const ends = [
    effect(() => {
      void question.value;
      abort.abort();
      abort = new AbortController();
      forget();
      void load(sentFilter.peek(), isGrowing.peek(), abort.signal);
    }),
    effect(() => {
      const next = eventBatch.value;
      // The stream of another filter may still be open.
      if (next === undefined || !isStreaming(streamQuery.peek() ?? '')) return;
      if (isFrozen.peek()) waiting.value = [...waiting.peek(), next].slice(-MOST_WAITING);
      else take(next);
    }),
    effect(() => {
      if (isFrozen.value) return;
      batch(() => {
        for (const one of waiting.peek()) take(one);
        waiting.value = [];
      });
    }),
  ];
  return () => {
    abort.abort();
    for (const end of ends) end();
    forget();
  };
}

function forget(): void {
  batch(() => {
    eventBatch.value = undefined;
    received.value = undefined;
    seconds.value = [];
    stored.value = undefined;
    storedRates.value = undefined;
    fault.value = undefined;
    waiting.value = [];
  });
}

function take(next: EventBatch): void {
  const before = received.peek();
  const [first] = next.seconds;
  batch(() => {
    received.value = {
      lines: withBatch(before?.lines ?? [], next),
      counts: sumOf(before?.counts ?? NO_EVENTS, next.counts),
      shown: (before?.shown ?? 0) + next.events.length,
      undecided: (before?.undecided ?? 0) + (next.undecided ?? 0),
      sinceMs: before?.sinceMs ?? Math.min(next.events[0]?.atMs ?? next.atMs, first?.atMs ?? next.atMs),
    };
    seconds.value = withSeconds(seconds.peek(), next);
  });
}

async function load(filter: string, isMoving: boolean, signal: AbortSignal): Promise<void> {
  await pause(TYPING_MS);
  await Promise.all([loadEvents(filter, isMoving, signal), loadRates(isMoving, signal)]);
}

/** Stored events; while the time moves again, because the last seconds before the stream were not written yet. */
async function loadEvents(filter: string, isMoving: boolean, signal: AbortSignal): Promise<void> {
  for (const waitMs of isMoving ? [0, WRITTEN_MS] : [0]) {
    await pause(waitMs);
    if (signal.aborted) return;
    const { fromMs, toMs } = range.peek();
    const to = Math.ceil(Math.min(toMs, received.peek()?.sinceMs ?? toMs));
    try {
      stored.value = await request<ConnectionsAnswer>('connections', { from: Math.floor(fromMs), to, filter }, signal);
    } catch (error) {
      if (signal.aborted) return;
      const { message, details } = error instanceof RequestError ? error : { message: String(error), details: [] };
      fault.value = { message, details };
      return;
    }
  }
}

async function loadRates(isMoving: boolean, signal: AbortSignal): Promise<void> {
  do {
    const { fromMs, toMs } = range.peek();
    const time = { from: Math.floor(fromMs), to: Math.ceil(toMs), points: POINTS };
    try {
      const answer = await request<HistoryAnswer>('history', { ...time, series: 'opened,failed,closed' }, signal);
      storedRates.value = answer;
      rulerGaps.value = answer.gaps;
    } catch {
      // The chart says that nothing is stored.
    }
    if (signal.aborted) return;
    await pause(RATES_MS);
  } while (isMoving && !signal.aborted);
}
