import { computed, effect, signal } from '@preact/signals';
import {
  errorSeries,
  idleSeries,
  laneSeries,
  outcomeSeries,
  queueSeries,
  refusedSeries,
  SERIES,
  stateSeries,
  timeWaitSeries,
} from '../../model/report/series-names.ts';
import type { ContainerAnswer } from '../../serve/protocol/container.ts';
import type { HistoryAnswer } from '../../serve/protocol/history.ts';
import { type Sample, type Timeline, timelineOf } from '../charts/timeline.ts';
import { charted } from './charted.ts';
import { isLive, range } from './clock.ts';
import { container } from './live.ts';
import { AGAIN_MS, pause } from './pause.ts';
import { isChanging, isPassing, recordedAnswers, request } from './request.ts';
import { route } from './route.ts';
import { rulerGaps } from './ruler-gaps.ts';

/** What is stored of the charted container; undefined before the answer, and where no history is kept. */
const stored = signal<{ name: string; answer: HistoryAnswer } | undefined>(undefined);
/** Ticks of this tab since the container is shown, the oldest first. */
const tail = signal<readonly Sample[]>([]);

/** Ticks that are kept: an hour. */
const LONGEST_TAIL = 3600;
/** Stored values are read again after this time, because the ticks of this tab have no extremes of coarse points. */
const SHORTEST_REFRESH_MS = 10_000;
const POINTS = 480;

/** All series of the charted container over the time shown. */
export const timeline = computed((): Timeline => {
  const name = charted.value;
  const answer = stored.value?.name === name ? stored.value.answer : undefined;
  return timelineOf(answer, name, tail.value, range.value);
});

/** What happened to the container in the time shown. */
export const marks = computed(() => stored.value?.answer.marks ?? []);

/** Where the values shown are from, and what they lack, as sentences; mostly empty. */
export const notes = computed(() => (stored.value?.name === charted.value ? (stored.value.answer.notes ?? []) : []));

/** Reads the past of the container whenever another one or another part of time is shown, and adds each tick to it. */
export function followContainer(): void {
  let abort = new AbortController();
  effect(() => {
    const name = charted.value;
    const { time } = route.value;
    recordedAnswers.value;
    abort.abort();
    abort = new AbortController();
    if (name !== '') void keepReading(name, 'lastMs' in time, abort.signal);
    else tail.value = [];
  });
  let shownName = '';
  effect(() => {
    const tick = container.value;
    if (tick === undefined) return;
    const kept = shownName === tick.row.name ? tail.peek().slice(-LONGEST_TAIL) : [];
    shownName = tick.row.name;
    if (kept.at(-1)?.atMs !== tick.atMs) tail.value = [...kept, sampleOf(tick)];
  });
}

async function keepReading(name: string, isMoving: boolean, signal: AbortSignal): Promise<void> {
  if (stored.peek()?.name !== name) stored.value = undefined;
  let retryMs: number | undefined;
  do {
    let waitMs = SHORTEST_REFRESH_MS;
    retryMs = undefined;
    try {
      const { fromMs, toMs } = range.peek();
      const answer = await request<HistoryAnswer>(
        'history',
        { container: name, from: Math.floor(fromMs), to: Math.ceil(toMs), points: POINTS },
        signal,
      );
      stored.value = { name, answer };
      if (route.peek().page === 'container') rulerGaps.value = answer.gaps;
      waitMs = Math.max(answer.stepMs, SHORTEST_REFRESH_MS);
      retryMs = answer.retryMs;
    } catch (error) {
      if (signal.aborted) return;
      if (route.peek().page === 'container') rulerGaps.value = [];
      // A time that stays the same would stay empty.
      if (isPassing(error)) retryMs = AGAIN_MS;
    }
    await pause(retryMs ?? waitMs);
  } while ((retryMs !== undefined || (isMoving && isLive.peek())) && isChanging() && !signal.aborted);
}

/** The numbers of a tick by the names of series. */
function sampleOf({ atMs, row, listeners, lanes, ends, timeWait }: ContainerAnswer): Sample {
  const values: Record<string, number> = {};
  const set = (name: string, value: number | null | undefined) => {
    if (value !== undefined && value !== null) values[name] = value;
  };
  set(SERIES.open, row.sockets?.open);
  set(SERIES.timeWait, row.sockets?.timeWait);
  set(SERIES.udp, row.sockets?.udp);
  set(SERIES.raw, row.sockets?.raw);
  set(SERIES.descriptors, row.descriptors?.used);
  set(SERIES.descriptorLimit, row.descriptors?.limit);
  set(SERIES.opened, row.openedPerSecond);
  set(SERIES.failed, row.failedPerSecond);
  set(SERIES.closed, row.closedPerSecond);
  for (const [state, count] of Object.entries(row.sockets?.byState ?? {})) set(stateSeries(state), count);
  for (const lane of lanes) {
    set(laneSeries(lane), lane.count);
    set(idleSeries(lane), lane.idle);
    set(refusedSeries(lane), lane.refusedPerSecond);
  }
  for (const [outcome, perSecond] of Object.entries(ends?.outcomes ?? {})) set(outcomeSeries(outcome), perSecond);
  for (const [error, perSecond] of Object.entries(ends?.errors ?? {})) set(errorSeries(error), perSecond);
  set(SERIES.handshakeMedian, ends?.handshake?.medianUs);
  set(SERIES.handshakeP95, ends?.handshake?.p95Us);
  set(SERIES.handshakeMax, ends?.handshake?.maxUs);
  for (const peer of timeWait ?? []) set(timeWaitSeries(peer), peer.count);
  for (const { proto, port, queue } of listeners) if (proto.startsWith('tcp')) set(queueSeries(port), queue);
  return { atMs, values };
}
