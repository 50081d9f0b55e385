import { useSignal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import type { ServedProblem } from '../../../serve/protocol.ts';
import { Blank } from '../../components/blank.tsx';
import { copyText } from '../../components/paste.tsx';
import { range } from '../../state/clock.ts';
import { addKeys } from '../../state/keys.ts';
import { problems } from '../../state/live.ts';
import { areProblemsCut, holds, shownProblems } from '../../state/problems.ts';
import { route, show } from '../../state/route.ts';
import { useRowKeys } from '../../state/row-keys.ts';
import { speak } from '../../state/speech.ts';
import { many } from '../../text/numbers.ts';
import { spanText } from '../../text/times.ts';
import { Detail } from './detail.tsx';
import { IgnoredList } from './ignored-list.tsx';
import { problemLink, Timeline } from './timeline.tsx';
import { matchesWords, tracksOf } from './tracks.ts';

/** Which problems are listed: the option `show` of the address. */
const VIEWS = [
  ['all', 'All'],
  ['open', 'Open'],
  ['ignored', 'Ignored'],
] as const;

/** Problems over time, one of them in detail, and what is ignored on purpose. */
export function Problems() {
  const { name, options, filter } = route.value;
  const view = options.show ?? 'all';
  if (problems.value === undefined) {
    return (
      <section class="panel loading" aria-busy="true" aria-label="Loading">
        <p class="faint">First judgement in a few seconds</p>
      </section>
    );
  }
  const all = shownProblems.value;
  const wanted = all.filter((problem) => matchesWords(problem, filter)).filter((one) => view !== 'open' || holds(one));
  return (
    <>
      <Verdict all={all} view={view} />
      {view === 'ignored' ? <IgnoredList answer={problems.value} /> : <List wanted={wanted} />}
      {name !== '' && view !== 'ignored' && <Detail key={name} id={name} />}
    </>
  );
}

function Verdict({ all, view }: { all: readonly ServedProblem[]; view: string }) {
  const open = all.filter(holds).length;
  const ignored = problems.value?.ignored.length ?? 0;
  const { fromMs, toMs } = range.value;
  const counts: Record<string, number> = { all: all.length, open, ignored };
  return (
    <div class="verdict">
      <h1>{open === 0 ? 'No open problems' : many(open, 'open problem')}</h1>
      <p class="facts">
        {all.length === open ? 'none' : all.length - open} resolved in {spanText(toMs - fromMs)}
        {areProblemsCut.value && ', older ones not listed'}
      </p>
      <div class="right">
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out so */}
        <div class="seg" role="group" aria-label="Which problems">
          {VIEWS.map(([key, label]) => (
            <button key={key} type="button" aria-pressed={view === key} onClick={() => showView(key)}>
              {label} {counts[key]}
            </button>
          ))}
        </div>
      </div>
    </div>
  );
}

function showView(view: string): void {
  const { show: _, ...others } = route.peek().options;
  show({ options: view === 'all' ? others : { ...others, show: view } });
}

function List({ wanted }: { wanted: readonly ServedProblem[] }) {
  const selected = useSignal<string | undefined>(undefined);
  const tracks = tracksOf(wanted);
  const openTrack = (key: string) => {
    const latest = tracks.find((track) => track.key === key)?.problems[0];
    if (latest !== undefined) location.hash = problemLink(latest.id);
  };
  const selection = {
    get: () => selected.value,
    set: (key: string) => {
      selected.value = key;
    },
  };
  useRowKeys({ names: tracks.map(({ key }) => key) }, selection, openTrack);
  useLayoutEffect(() => {
    if (route.value.name !== '') return undefined;
    // In the detail, the button of its fix has this key.
    return addKeys({ c: () => copyFix(tracks.find(({ key }) => key === selected.value)?.problems[0] ?? wanted[0]) });
  });
  if (tracks.length > 0) return <Timeline tracks={tracks} selected={selected.value} />;
  const { filter } = route.value;
  if (filter.trim() !== '')
    return (
      <Blank title="Nothing matches" text={`No problem of the time shown matches ${filter}.`}>
        <button type="button" class="btn" onClick={() => show({ filter: '' }, false)}>
          Clear the filter
        </button>
      </Blank>
    );
  const judged = problems.value?.rules.filter((rule) => rule.judged).length ?? 0;
  return <Blank title="No problems in the time shown" text={`${many(judged, 'rule')} judged, again and again.`} />;
}

/** Copies the fix of a problem. */
function copyFix(problem: ServedProblem | undefined): void {
  const text = problem?.fix?.snippet ?? problem?.fix?.text;
  if (text === undefined) return;
  void copyText(text).then((isCopied) => speak(isCopied ? 'Copied the fix' : 'Copying failed'));
}
