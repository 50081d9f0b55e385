import { computed, effect, signal } from '@preact/signals';
import { shortTitle } from '../../model/finding/problem-titles.ts';
import type { ProblemsAnswer, ServedProblem } from '../../serve/protocol.ts';
import { isLive, range } from './clock.ts';
import { problems } from './live.ts';
import { recordedAnswers, request } from './request.ts';
import { route } from './route.ts';
import { speak } from './speech.ts';

/** What the history has of the time shown; undefined before it is there, and where none is kept. */
const stored = signal<ProblemsAnswer | undefined>(undefined);

const WORST_FIRST = { critical: 0, warning: 1, info: 2 };

/** Problems that held at some time of what is shown: those that hold at its end, then the worst, of those the latest; facts are none. */
export const shownProblems = computed(() => {
  const { fromMs, toMs } = range.value;
  const latest = problems.value?.problems ?? [];
  const known = new Set(latest.map(({ id }) => id));
  const others = stored.value?.problems.filter(({ id }) => !known.has(id)) ?? [];
  return [...latest, ...others]
    .filter(({ severity }) => severity !== 'info')
    .filter(({ openedAtMs, resolvedAtMs }) => openedAtMs <= toMs && (resolvedAtMs ?? toMs) >= fromMs)
    .sort(
      (a, b) =>
        Number(holds(b)) - Number(holds(a)) ||
        WORST_FIRST[a.severity] - WORST_FIRST[b.severity] ||
        b.openedAtMs - a.openedAtMs,
    );
});

/** Whether more problems are stored of the time shown than the page has. */
export const areProblemsCut = computed(() => stored.value?.isCut === true);

/** Those of {@link shownProblems} that concern the container of the page; all of them elsewhere. */
export const problemsHere = computed(() => {
  const { page, name } = route.value;
  return page === 'container'
    ? shownProblems.value.filter(({ containers }) => containers.includes(name))
    : shownProblems.value;
});

/** Whether a problem holds at the end of what is shown. */
export function holds({ resolvedAtMs }: ServedProblem): boolean {
  return resolvedAtMs === undefined || (!isLive.value && resolvedAtMs >= range.value.toMs);
}

/** Reads stored problems when another part of time is shown, and has new ones spoken. Live, the stream has what comes. */
export function followProblems(): void {
  let abort = new AbortController();
  // The address changes at every letter of a filter.
  const time = computed(() => JSON.stringify(route.value.time));
  effect(() => {
    void time.value;
    recordedAnswers.value;
    abort.abort();
    abort = new AbortController();
    const { fromMs, toMs } = range.peek();
    void load(fromMs, toMs, abort.signal);
  });
  let open: ReadonlyMap<string, string> | undefined;
  effect(() => {
    const answer = problems.value;
    if (answer === undefined) return;
    const now = new Map(
      answer.problems.filter((one) => one.resolvedAtMs === undefined).map((one) => [one.id, shortTitle(one)]),
    );
    if (open !== undefined) {
      const opened = [...now].filter(([id]) => open?.has(id) === false).map(([, title]) => `Problem: ${title}`);
      const resolved = [...open].filter(([id]) => !now.has(id)).map(([, title]) => `Resolved: ${title}`);
      if (opened.length + resolved.length > 0) speak([...opened, ...resolved].join('. '));
    }
    open = now;
  });
}

async function load(fromMs: number, toMs: number, signal: AbortSignal): Promise<void> {
  try {
    const time = { from: Math.floor(fromMs), to: Math.ceil(toMs) };
    stored.value = await request<ProblemsAnswer>('problems', time, signal);
  } catch {
    // The notice beneath the bar says why nothing is stored.
  }
}
