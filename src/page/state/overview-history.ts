import { batch, computed, effect, signal } from '@preact/signals';
import { SERIES, stateSeries } from '../../model/report/series-names.ts';
import type { HistoryAnswer } from '../../serve/protocol/history.ts';
import type { ContainerRow, OverviewAnswer } from '../../serve/protocol.ts';
import { rowsAt } from '../rows/replay.ts';
import { Slopes } from '../rows/slopes.ts';
import { SPARK_POINTS, Sparks } from '../rows/sparks.ts';
import { isLive, range } from './clock.ts';
import { overview } from './live.ts';
import { AGAIN_MS, pause } from './pause.ts';
import { shownProblems } from './problems.ts';
import { isChanging, isPassing, momentOption, recordedAnswers, request } from './request.ts';
import { route } from './route.ts';
import { rulerGaps } from './ruler-gaps.ts';

/** The past of all rows for their sparks; a new object when it was read again. */
export const sparks = signal(new Sparks(3_600_000));
/** Counts the objects of {@link sparks}. */
export const sparkVersion = signal(0);
/** How fast CLOSE_WAIT grows. */
export const closeWaitSlopes = new Slopes();
/** What is stored of the time shown, where that is not up to now; undefined before it is there, and live. */
const storedOverview = signal<HistoryAnswer | undefined>(undefined);
/** The rows of the end of the time shown, where who answers has all of them; undefined elsewhere. */
const momentRows = signal<readonly ContainerRow[] | undefined>(undefined);
/** Why nothing is stored of it. */
export const storedProblem = signal<string | undefined>(undefined);

/** The rows of now, or of the end of the time shown. */
export const shownRows = computed((): readonly ContainerRow[] => {
  const rows = overview.value?.rows ?? [];
  if (isLive.value) return rows;
  if (momentRows.value !== undefined) return momentRows.value;
  const stored = storedOverview.value;
  return stored === undefined ? [] : rowsAt(rows, stored, shownProblems.value, range.value.toMs);
});

/** What a row shows of another time. */
const REPLAYED = [
  ...Object.values(SERIES),
  ...['ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'FIN_WAIT1', 'FIN_WAIT2', 'CLOSE_WAIT', 'LAST_ACK', 'CLOSING'].map(
    stateSeries,
  ),
  ...['LISTEN', 'CLOSE'].map(stateSeries),
];

/** Reads the past of the rows whenever another part of time is shown, and adds each tick to it. */
export function followOverview(): void {
  let abort = new AbortController();
  effect(() => {
    const { page, time } = route.value;
    recordedAnswers.value;
    if (page !== 'overview') return;
    abort.abort();
    abort = new AbortController();
    void load(time, abort.signal);
  });
  effect(() => {
    if (overview.value !== undefined) addTick(overview.value);
  });
}

async function load(time: typeof route.value.time, signal: AbortSignal): Promise<void> {
  const isNow = 'lastMs' in time;
  const { fromMs, toMs } = range.peek();
  const fresh = new Sparks(toMs - fromMs);
  if (isNow) storedOverview.value = undefined;
  momentRows.value = undefined;
  try {
    const series = (isNow ? [SERIES.open] : REPLAYED).join(',');
    const stored = await request<HistoryAnswer>(
      'history',
      { from: Math.floor(fromMs), to: Math.ceil(toMs), points: SPARK_POINTS, series },
      signal,
    );
    fresh.addHistory(stored, SERIES.open);
    storedProblem.value = undefined;
    rulerGaps.value = stored.gaps;
    if (!isNow) storedOverview.value = stored;
    if (!isNow && !isChanging()) {
      momentRows.value = (await request<OverviewAnswer>('overview', momentOption(toMs), signal)).rows;
    }
  } catch (error) {
    if (signal.aborted) return;
    storedProblem.value = error instanceof Error ? error.message : String(error);
    rulerGaps.value = [];
    if (!isNow) storedOverview.value = undefined;
    if (isPassing(error)) void loadAgain(time, signal);
  }
  batch(() => {
    sparks.value = fresh;
    sparkVersion.value++;
  });
  const latest = overview.peek();
  if (latest !== undefined) addTick(latest);
}

/** A time that stays the same would stay without an answer. */
async function loadAgain(time: typeof route.value.time, signal: AbortSignal): Promise<void> {
  await pause(AGAIN_MS);
  if (!signal.aborted) await load(time, signal);
}

function addTick({ atMs, rows }: OverviewAnswer): void {
  const past = sparks.peek();
  for (const { name, sockets } of rows) {
    if (sockets === undefined) continue;
    past.add(name, atMs, sockets.open);
    closeWaitSlopes.add(name, atMs, sockets.byState.CLOSE_WAIT ?? 0);
  }
  past.prune(range.peek().fromMs, new Set(rows.map(({ name }) => name)));
}
