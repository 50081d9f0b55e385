import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import { Strip } from '../../charts/strip.tsx';
import { united } from '../../charts/united.ts';
import { Blank, FilterFault } from '../../components/blank.tsx';
import { isGrowing, range } from '../../state/clock.ts';
import { streamFault } from '../../state/connection.ts';
import { wanted } from '../../state/filter.ts';
import { addKeys } from '../../state/keys.ts';
import { freeze, isFrozen, overview } from '../../state/live.ts';
import { shownProblems } from '../../state/problems.ts';
import { linkTo, route, show } from '../../state/route.ts';
import { useRowKeys } from '../../state/row-keys.ts';
import { switchTables } from '../../state/tables.ts';
import { countText, many } from '../../text/numbers.ts';
import { clockText, momentText } from '../../text/times.ts';
import { EventTable } from './event-table.tsx';
import { histogramSpec, ratesOf, ratesOfEvents, samplesOf } from './histogram.ts';
import { isBad, type Line, NO_EVENTS, sumOf, totalOf } from './lines.ts';
import { fault, followEvents, lines, received, seconds, stored, storedRates, waitingCount } from './stream.ts';

/** Which lines are listed: the option `show` of the address. */
const VIEWS = [
  ['all', 'All'],
  ['bad', 'Ended badly'],
  ['opened', 'Opened'],
  ['closed', 'Closed'],
] as const;

/** Connections as they are opened, fail and close, live or of a time that is stored, with a histogram that is the brush. */
export function Events() {
  useEffect(followEvents, []);
  useLayoutEffect(() => addKeys({ t: switchTables }), []);
  const isUnknown = overview.value !== undefined && overview.value.serve.eventSource === undefined;
  const refused = wanted.value.fault ?? streamFault.value ?? fault.value;
  if (isUnknown)
    return (
      <Blank
        title="Nothing reports connections here"
        text="Events need root, or CAP_BPF and CAP_PERFMON, or CAP_NET_ADMIN in the namespace: docs/troubleshooting.md."
      />
    );
  return (
    <>
      <Head />
      <Histogram />
      {refused === undefined ? <Stream /> : <FilterFault message={refused.message} details={refused.details} />}
    </>
  );
}

function Head() {
  const counts = sumOf(
    received.value?.counts ?? NO_EVENTS,
    isGrowing.value ? NO_EVENTS : (stored.value?.counts ?? NO_EVENTS),
  );
  const { fromMs, toMs } = range.value;
  const since = received.value?.sinceMs;
  return (
    <div class="verdict">
      <h1>Events</h1>
      <div class="facts" data-counts="">
        {(['opened', 'established', 'failed', 'closed'] as const).map((kind) => (
          <span key={kind} class={kind === 'failed' && counts.failed > 0 ? 'c-critical' : ''}>
            <b data-count={kind}>{countText(counts[kind])}</b> {kind}
          </span>
        ))}
        <span class="faint">
          {isGrowing.value
            ? since === undefined
              ? 'waiting for the first second'
              : `since ${clockText(since)}`
            : `from ${momentText(fromMs, Date.now())} to ${momentText(toMs, fromMs)}, to ten seconds`}
        </span>
      </div>
      <div class="right">
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out so */}
        <div class="seg" role="group" aria-label="Which events">
          {VIEWS.map(([key, label]) => (
            <button key={key} type="button" aria-pressed={viewOf() === key} onClick={() => showView(key)}>
              {label}
            </button>
          ))}
        </div>
      </div>
    </div>
  );
}

function viewOf(): string {
  return route.value.options.show ?? 'all';
}

function showView(view: string): void {
  const { show: _, ...others } = route.peek().options;
  show({ options: view === 'all' ? others : { ...others, show: view } });
}

function isShown({ event }: Line, view: string): boolean {
  if (event === undefined || view === 'all') return true;
  if (view === 'bad') return isBad(event);
  return view === 'opened' ? event.event === 'opened' || event.event === 'established' : event.event === 'closed';
}

function Histogram() {
  const isFiltered = wanted.value.filter !== '';
  const { fromMs, toMs } = range.value;
  const past = isFiltered
    ? ratesOfEvents(stored.value?.events ?? [], { fromMs, toMs: received.value?.sinceMs ?? toMs })
    : storedRates.value;
  const timeline = ratesOf(past, samplesOf(seconds.value), range.value);
  const bands = united(
    shownProblems.value.map(({ openedAtMs, resolvedAtMs }) => ({ fromMs: openedAtMs, toMs: resolvedAtMs ?? toMs })),
  );
  const marks = lines.value.flatMap(({ atMs, mark }) =>
    mark === undefined || mark.kind === 'problem' ? [] : [{ atMs, container: mark.container ?? '', what: mark.kind }],
  );
  const unit = isFiltered
    ? 'TCP a second that match; of the past those in the sample'
    : 'TCP a second, each end counted';
  return (
    <section class="panel strips" aria-label="Events over time">
      <Strip spec={histogramSpec(unit)} surroundings={{ timeline, bands, marks }} />
    </section>
  );
}

function Stream() {
  const selected = useSignal<string | undefined>(undefined);
  const view = viewOf();
  const shown = lines.value.filter((line) => isShown(line, view));
  const selection = {
    get: () => selected.value,
    set: (key: string) => {
      selected.value = key;
    },
  };
  useRowKeys({ names: shown.map(({ key }) => key) }, selection, (key) => {
    const line = shown.find((one) => one.key === key);
    if (line?.mark?.problem !== undefined) location.hash = linkTo('problems', line.mark.problem);
    else if (line !== undefined) {
      const name = line.mark?.container ?? line.event?.container ?? line.event?.target;
      if (name !== undefined) location.hash = linkTo('container', name);
    }
  });
  const events = shown.filter(({ event }) => event !== undefined).length;
  return (
    <section class="panel" aria-label="Stream of events">
      <div class="panel-head">
        <h2>{isGrowing.value ? 'Stream' : 'Stored events'}</h2>
        <span class="faint" data-sampling="">
          {samplingText(events)}
        </span>
        {isGrowing.value && (
          <button type="button" class="btn end" aria-pressed={isFrozen.value} onClick={() => freeze(!isFrozen.peek())}>
            {isFrozen.value ? `Go on: ${many(waitingCount.value, 'new event')}` : 'Pause'}{' '}
            <span class="key">space</span>
          </button>
        )}
      </div>
      {shown.length === 0 ? (
        <div class="blank">
          <p>{emptyText()}</p>
        </div>
      ) : (
        <EventTable lines={shown} selected={selected.value} />
      )}
    </section>
  );
}

/** How many of all events are listed, and why not all. */
function samplingText(listed: number): string {
  const live = received.value;
  const all = totalOf(live?.counts ?? NO_EVENTS);
  const parts = [`${many(listed, 'event')} listed, the newest first`];
  if (live !== undefined && live.shown < all)
    parts.push(
      `a sample of ${countText(live.shown)} of ${countText(all)}: of each second up to 150 that ended badly and 150 others`,
    );
  const past = stored.value;
  if (past !== undefined && past.sampled < totalOf(past.counts))
    parts.push(
      `stored are ${countText(past.sampled)} of ${countText(totalOf(past.counts))}: of ten seconds up to 30 and 30`,
    );
  if (past?.isCut === true) parts.push('older ones not listed');
  if ((live?.undecided ?? 0) > 0) parts.push(`${countText(live?.undecided ?? 0)} of new namespaces not filtered yet`);
  return parts.join('; ');
}

function emptyText(): string {
  if (wanted.value.filter !== '') return 'No event matches.';
  if (isGrowing.value) return 'Nothing was opened, failed or closed yet.';
  return stored.value === undefined ? 'Loading' : 'No events are stored of this time.';
}
