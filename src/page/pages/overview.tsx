import { useSignal, useSignalEffect } from '@preact/signals';
import type { ContainerRow, HostNumbers, ProblemsAnswer, ServedProblem } from '../../serve/protocol.ts';
import { Blank, FilterFault } from '../components/blank.tsx';
import { useCopyKey } from '../components/fixes.tsx';
import { lazy } from '../components/lazy.tsx';
import { ProblemCard } from '../components/problem-card.tsx';
import { ContainerTable } from '../rows/container-table.tsx';
import { densityOf } from '../rows/fold.ts';
import { descriptorShare, troubleOf } from '../rows/order.ts';
import { charted, isContainer } from '../state/charted.ts';
import { isLive, range } from '../state/clock.ts';
import { wanted } from '../state/filter.ts';
import { overview, problems } from '../state/live.ts';
import { matching, matchingFault } from '../state/matching.ts';
import { shownRows, storedProblem } from '../state/overview-history.ts';
import { holds, shownProblems } from '../state/problems.ts';
import { show } from '../state/route.ts';
import { countText, many, percentText, rateText } from '../text/numbers.ts';
import { shown } from '../text/shown.ts';
import { momentText, spanText } from '../text/times.ts';

/** The charts of the row that is charted: only a host with few containers has them here. */
const FirstCharts = lazy(async () => (await import('./charts.tsx')).FirstCharts);

/** Problems as cards; more of them are one click away. */
const CARDS = 3;

/** What is wrong on this host, then a row per container. */
export function Overview() {
  useCopyKey();
  const tick = overview.value;
  if (tick === undefined) return <Loading />;
  const rows = shownRows.value;
  const open = shownProblems.value.filter(holds);
  return (
    <>
      <Verdict rows={rows} open={open} />
      {open.length > 0 ? (
        <Cards open={open} isBrief={densityOf(rows.filter(({ status }) => status !== 'stopped').length).isCompact} />
      ) : (
        <Healthy rows={rows} answer={problems.value} />
      )}
      {isLive.value || storedProblem.value === undefined ? (
        <>
          <Rows rows={rows} />
          {charted.value !== '' && <FirstCharts />}
        </>
      ) : (
        <Blank title="Nothing is stored of this time" text={storedProblem.value} />
      )}
    </>
  );
}

function Verdict({ rows, open }: { rows: readonly ContainerRow[]; open: readonly ServedProblem[] }) {
  const running = rows.filter(({ status }) => status !== 'stopped');
  const containers = running.filter(isContainer);
  const [subjects, noun] = containers.length > 0 ? [containers, 'container'] : [running, 'network namespace'];
  const troubled = subjects.filter((row) => troubleOf(row) >= 2).length;
  const explained = open.length === 1 ? '1 problem explains it' : `${open.length} problems explain it`;
  const text =
    troubled > 0
      ? `${troubled} of ${many(subjects.length, noun)} ${troubled === 1 ? 'needs' : 'need'} a look: ${explained}`
      : open.length > 0
        ? `${many(open.length, 'problem')}, none in a ${noun}`
        : `${many(subjects.length, noun)}, no problems`;
  return (
    <div class="verdict">
      <h1>{text}</h1>
      {isLive.value ? (
        <Totals host={overview.value?.host} />
      ) : (
        <p class="facts">as of {momentText(range.value.toMs, Date.now())}</p>
      )}
    </div>
  );
}

function Totals({ host }: { host: HostNumbers | undefined }) {
  if (host === undefined) return null;
  const { sockets, openedPerSecond, failedPerSecond, conntrack } = host;
  return (
    <div class="facts">
      <Fact value={countText(sockets.open)} name="open sockets" />
      <Fact value={countText(sockets.timeWait)} name="TIME_WAIT" />
      {openedPerSecond !== undefined && <Fact value={rateText(openedPerSecond)} name="opened/s" />}
      {failedPerSecond !== undefined && (
        <Fact value={rateText(failedPerSecond)} name="failed/s" isBad={failedPerSecond > 0} />
      )}
      {conntrack !== undefined && (
        <span>
          conntrack <b>{countText(conntrack.used)}</b> of {countText(conntrack.limit)}
        </span>
      )}
    </div>
  );
}

function Fact({ value, name, isBad = false }: { value: string; name: string; isBad?: boolean }) {
  return (
    <span class={isBad ? 'c-critical' : ''}>
      <b>{value}</b> {name}
    </span>
  );
}

function Cards({ open, isBrief }: { open: readonly ServedProblem[]; isBrief: boolean }) {
  const isAll = useSignal(false);
  const cards = isAll.value ? open : open.slice(0, CARDS);
  return (
    <section class={`panel problems of-${Math.min(cards.length, CARDS)}`} aria-label="Open problems">
      {cards.map((problem) => (
        <ProblemCard key={problem.id} problem={problem} isBrief={isBrief} />
      ))}
      {open.length > cards.length && (
        <button
          type="button"
          class="more-cards"
          onClick={() => {
            isAll.value = true;
          }}
        >
          {many(open.length - cards.length, 'more problem')}
        </button>
      )}
    </section>
  );
}

/** Nothing is wrong: how much was judged, and what is nearest to its limit. */
function Healthy({ rows, answer }: { rows: readonly ContainerRow[]; answer: ProblemsAnswer | undefined }) {
  if (answer === undefined || !isLive.value) return null;
  const judged = answer.rules.filter((rule) => rule.judged).length;
  const waiting = answer.rules.filter((rule) => !rule.judged);
  const fullest = [...rows].sort((a, b) => descriptorShare(b) - descriptorShare(a))[0];
  return (
    <section class="panel healthy" aria-label="Open problems">
      <p>
        {many(judged, 'rule')} judged over the last {spanText(answer.windowMs)}.{' '}
        {waiting.length > 0 && (
          <details>
            <summary>{waiting.length === 1 ? '1 needs more time' : `${waiting.length} need more time`}</summary>
            {waiting.map(({ rule }) => rule).join(', ')}
          </details>
        )}
      </p>
      {fullest !== undefined && descriptorShare(fullest) > 0 && (
        <p class="muted">
          Highest use of a limit: {shown(fullest.name)}, {percentText(descriptorShare(fullest))} of its descriptors.
        </p>
      )}
    </section>
  );
}

/** The table, with what the filter leaves of it. */
function Rows({ rows }: { rows: readonly ContainerRow[] }) {
  const { names, fault } = wanted.value;
  const matchesName = useNameTest();
  const counts = matching.value;
  if (fault !== undefined) return <FilterFault message={fault.message} details={fault.details} />;
  if (matchingFault.value !== undefined) return <FilterFault message={matchingFault.value} details={[]} />;
  const named =
    names.length === 0 || matchesName === undefined ? rows : rows.filter(({ name }) => matchesName(name, names));
  const left = counts === undefined ? named : named.filter(({ name }) => (counts.get(name) ?? 0) > 0);
  if (rows.length === 0) {
    return (
      <Blank
        title="No containers run here"
        text={overview.value?.notes.join(' ') || 'Rows appear as containers start.'}
      />
    );
  }
  if (left.length === 0) {
    return (
      <Blank title="Nothing matches" text={`The filter matches none of ${many(rows.length, 'row')}.`}>
        <button type="button" class="btn" onClick={() => show({ filter: '' }, false)}>
          Clear the filter
        </button>
      </Blank>
    );
  }
  return <ContainerTable rows={left} problems={shownProblems.value} matching={counts} />;
}

/** The test of names comes with the filter language, which is loaded when it is needed. */
function useNameTest(): ((name: string, words: readonly string[]) => boolean) | undefined {
  const test = useSignal<{ matches: (name: string, words: readonly string[]) => boolean } | undefined>(undefined);
  useSignalEffect(() => {
    if (wanted.value.names.length === 0 || test.peek() !== undefined) return;
    void import('../state/filter-language.ts').then(({ matchesName }) => {
      test.value = { matches: matchesName };
    });
  });
  return test.value?.matches;
}

function Loading() {
  return (
    <section class="panel loading" aria-busy="true" aria-label="Loading">
      {[0, 1, 2, 3].map((row) => (
        <div key={row} class="skel-row">
          <i class="skel" />
          <i class="skel wide" />
          <i class="skel" />
        </div>
      ))}
      <p class="faint">First numbers in less than a second</p>
    </section>
  );
}
