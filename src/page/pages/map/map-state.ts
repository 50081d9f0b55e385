import { computed, effect, signal } from '@preact/signals';
import { SERIES } from '../../../model/report/series-names.ts';
import type { EdgesAnswer, HistoryAnswer } from '../../../serve/protocol/history.ts';
import { rowsAt } from '../../rows/replay.ts';
import { isLive, range } from '../../state/clock.ts';
import { wanted } from '../../state/filter.ts';
import { overview } from '../../state/live.ts';
import { moment, momentStepMs } from '../../state/moment.ts';
import { AGAIN_MS, pause } from '../../state/pause.ts';
import { shownProblems } from '../../state/problems.ts';
import { isChanging, isPassing, recordedAnswers, request } from '../../state/request.ts';
import { route, show } from '../../state/route.ts';
import { rulerGaps } from '../../state/ruler-gaps.ts';
import { type Graph, type Grouping, graphOf, groupOf, lastPoint } from './graph.ts';
import { type EdgeNow, edgesAt } from './moment-edges.ts';

/** Nodes from which on the matrix comes first, and from which on groups are closed. */
const MATRIX_FIRST = 60;
const GROUPS_CLOSED = 200;
/** Points of the time shown: as many as the ruler has steps that a hand can find. */
const POINTS = 720;
const SHORTEST_REFRESH_MS = 10_000;
const LONGEST_REFRESH_MS = 60_000;

/** How ends are put together, in the order of the key. */
const GROUPINGS: readonly Grouping[] = ['project', 'network', 'none'];

/** Who talked to whom in the time shown; undefined before the answer. */
export const answer = signal<EdgesAnswer | undefined>(undefined);
/** Why there is none. */
export const answerFault = signal<string | undefined>(undefined);
/** Rows over the time shown, where that is not up to now. */
const storedRows = signal<HistoryAnswer | undefined>(undefined);

/** The options of the address that the map knows. */
export const options = computed(() => {
  const { by, trouble, view, node, closed, unconnected } = route.value.options;
  return {
    grouping: GROUPINGS.find((known) => known === by) ?? 'project',
    onlyTrouble: trouble === '1',
    view: view === 'matrix' || view === 'map' ? (view as 'map' | 'matrix') : undefined,
    /** What callers and callees are shown of, by the id of the node. */
    node,
    /** Names of closed groups; undefined where the reader did not choose. */
    closed: closed === undefined ? undefined : new Set(namesOf(closed)),
    isUnconnectedShown: unconnected === '1',
  };
});

/** A project may have any name: a comma of it is encoded. */
function namesOf(text: string): string[] {
  try {
    return text === '' ? [] : text.split(',').map(decodeURIComponent);
  } catch {
    return [];
  }
}

/** Changes options of the address; undefined takes one out. */
export function choose(change: Readonly<Record<string, string | undefined>>): void {
  show({ options: chosen(change) }, false);
}

/** The options of the address with a change, for links. */
export function chosen(change: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const all = Object.entries({ ...route.value.options, ...change });
  return Object.fromEntries(all.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

/** Puts ends together by something else: other groups, which are open. */
export function groupBy(by: Grouping): void {
  if (by === options.peek().grouping) return;
  choose({ by: by === 'project' ? undefined : by, closed: undefined, node: undefined });
}

/** As {@link groupBy}, by the next one. */
export function groupByNext(): void {
  const at = GROUPINGS.indexOf(options.peek().grouping);
  groupBy(GROUPINGS[(at + 1) % GROUPINGS.length] ?? 'project');
}

/** The groups that are one node. */
export const closedGroups = computed((): ReadonlySet<string> => {
  const { closed, grouping } = options.value;
  if (closed !== undefined || grouping === 'none') return closed ?? new Set();
  const rows = answer.value?.rows ?? [];
  if (rows.length <= GROUPS_CLOSED) return new Set();
  return new Set(rows.flatMap((row) => groupOf(row, grouping) || []));
});

/** Opens or closes a group. */
export function switchGroup(name: string): void {
  const next = new Set(closedGroups.peek());
  if (!next.delete(name)) next.add(name);
  choose({ closed: [...next].sort().map(encodeURIComponent).join(','), node: undefined });
}

/** The test of names comes with the filter language, which is loaded when it is needed. */
const nameTest = signal<((name: string, words: readonly string[]) => boolean) | undefined>(undefined);

/** Everything of the time shown. */
export const graph = computed((): Graph | undefined => {
  if (answer.value === undefined) return undefined;
  const { names } = wanted.value;
  const test = nameTest.value;
  const matches = names.length === 0 || test === undefined ? () => true : (name: string) => test(name, names);
  return graphOf(answer.value, { grouping: options.value.grouping, closed: closedGroups.value, matches });
});

const latestPoint = computed(() => (graph.value === undefined ? -1 : lastPoint(graph.value)));

/** Points after the last one at which what it has still holds: edges are found every ten seconds, later on a busy machine. */
const LATER_POINTS = 3;

/** The point of the moment. */
export const point = computed(() => {
  const known = answer.value;
  if (known === undefined) return -1;
  const at = Math.min(Math.floor((moment.value - known.firstMs) / known.stepMs), known.points - 1);
  return at - latestPoint.value <= LATER_POINTS ? Math.min(at, latestPoint.value) : at;
});

/** Since when the edges of the moment have been so, milliseconds since the epoch: they are found every ten seconds. Undefined before the answer. */
export const asOfMs = computed(() => {
  const known = answer.value;
  return known === undefined || point.value < 0 ? undefined : known.firstMs + point.value * known.stepMs;
});

/** All edges of the moment. */
export const edgesNow = computed((): readonly EdgeNow[] =>
  graph.value === undefined || point.value < 0 ? [] : edgesAt(graph.value, point.value),
);

/** Those that are shown. */
export const shownEdges = computed(() =>
  options.value.onlyTrouble ? edgesNow.value.filter(({ trouble }) => trouble !== undefined) : edgesNow.value,
);

/** The rows of the moment, by name. */
export const rowsNow = computed(() => {
  const live = overview.value?.rows ?? [];
  const stored = storedRows.value;
  const rows = isLive.value
    ? live
    : stored === undefined
      ? []
      : rowsAt(live, stored, shownProblems.value, moment.value);
  return new Map(
    rows.filter(({ status, runtime }) => status !== 'not-read' && runtime !== '-').map((row) => [row.name, row]),
  );
});

/** Rows of the moment without an edge. */
export const unconnected = computed(() => {
  const known = answer.value;
  if (known === undefined || point.value < 0) return [];
  const connected = new Set(
    edgesNow.value.flatMap(({ edge }) =>
      [edge.client, edge.server].flatMap((id) => {
        const node = graph.value?.nodes.get(id);
        return node === undefined ? [] : [node.name, ...node.members];
      }),
    ),
  );
  return [...rowsNow.value.keys()].filter((name) => !connected.has(name)).sort();
});

/** What is shown first: the reader's choice, or what the number of nodes suggests. */
export const view = computed((): 'map' | 'matrix' => {
  return options.value.view ?? ((graph.value?.nodes.size ?? 0) > MATRIX_FIRST ? 'matrix' : 'map');
});

/** Whether there are so many nodes that the map is not drawn beside the matrix. */
export const isLarge = computed(() => (graph.value?.nodes.size ?? 0) > MATRIX_FIRST);

/** The part of time to read, empty elsewhere: what else the address says needs no other edges. */
const shownTime = computed(() => {
  const { page, time } = route.value;
  if (page !== 'map') return '';
  return 'lastMs' in time ? `last ${time.lastMs}` : `${time.fromMs} ${time.toMs}`;
});

/** Reads the edges while the map is shown. @returns a function that ends this */
export function followEdges(): () => void {
  let abort = new AbortController();
  const stop = effect(() => {
    recordedAnswers.value;
    const isMoving = shownTime.value.startsWith('last');
    abort.abort();
    abort = new AbortController();
    if (shownTime.value !== '') void keepReading(isMoving, abort.signal);
  });
  const stopTest = effect(() => {
    if (wanted.value.names.length === 0 || nameTest.peek() !== undefined) return;
    void import('../../state/filter-language.ts').then(({ matchesName }) => {
      nameTest.value = matchesName;
    });
  });
  return () => {
    abort.abort();
    stop();
    stopTest();
  };
}

async function keepReading(isMoving: boolean, abort: AbortSignal): Promise<void> {
  if (isMoving) storedRows.value = undefined;
  let isPending: boolean;
  do {
    let waitMs = SHORTEST_REFRESH_MS;
    isPending = isMoving;
    try {
      const { fromMs, toMs } = range.peek();
      const span = { from: Math.floor(fromMs), to: Math.ceil(toMs), points: POINTS };
      const edges = await request<EdgesAnswer>('edges', span, abort);
      answer.value = edges;
      answerFault.value = undefined;
      momentStepMs.value = edges.stepMs;
      rulerGaps.value = edges.gaps;
      waitMs = Math.min(Math.max(edges.stepMs / 2, SHORTEST_REFRESH_MS), LONGEST_REFRESH_MS);
      if (!isMoving) {
        const series = [SERIES.open, SERIES.descriptors, SERIES.descriptorLimit].join(',');
        storedRows.value = await request<HistoryAnswer>('history', { ...span, series }, abort);
      }
    } catch (error) {
      if (abort.aborted) return;
      answerFault.value = error instanceof Error ? error.message : String(error);
      // A time that stays the same would stay without an answer.
      if (isPassing(error)) [isPending, waitMs] = [true, AGAIN_MS];
    }
    await pause(waitMs);
  } while (isPending && isChanging() && !abort.aborted);
}
