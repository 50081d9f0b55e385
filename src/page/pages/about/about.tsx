import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { HistoryAnswer, HistoryGap } from '../../../serve/protocol/history.ts';
import type { AlertsAnswer, IncidentsAnswer, OverviewAnswer } from '../../../serve/protocol.ts';
import { Blank } from '../../components/blank.tsx';
import { askServer } from '../../state/request.ts';
import { bytesText, costText, many, percentText } from '../../text/numbers.ts';
import { sentence, shown } from '../../text/shown.ts';
import { momentText, spanText, zoneText } from '../../text/times.ts';
import { Alerts } from './alerts.tsx';

const EVERY_MS = 5000;
/** Gaps of this time are listed, milliseconds. */
const GAPS_MS = 24 * 3_600_000;
const MOST_GAPS = 20;
/** One in five minutes. */
const POINTS = 288;

interface Known {
  overview: OverviewAnswer;
  /** Undefined where no history is kept. */
  gaps: readonly HistoryGap[] | undefined;
  /** Where the past is from, where that is not the history of this host. */
  sources: readonly string[];
  /** Undefined where nothing is recorded. */
  incidents: IncidentsAnswer | undefined;
  alerts: AlertsAnswer;
}

/** What socklens costs, where its numbers come from, and what it does not have. */
export function About() {
  const known = useSignal<Known | undefined>(undefined);
  const fault = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const read = () =>
      void readKnown().then(
        (found) => {
          known.value = found;
          fault.value = undefined;
        },
        (error: unknown) => {
          fault.value = error instanceof Error ? error.message : String(error);
        },
      );
    read();
    const timer = setInterval(read, EVERY_MS);
    return () => clearInterval(timer);
  }, [known, fault]);
  if (known.value === undefined) {
    return fault.value === undefined ? (
      <section class="panel loading" aria-busy="true" aria-label="Loading">
        <p class="faint">Loading</p>
      </section>
    ) : (
      <Blank title="Nothing is known" text={fault.value} />
    );
  }
  const { overview, gaps, sources, incidents, alerts } = known.value;
  const { serve, host, atMs, notes } = overview;
  return (
    <>
      <div class="verdict">
        <h1>About</h1>
        <div class="facts">
          <span>
            socklens <b>{serve.version}</b>
          </span>
          <span>
            on <b>{shown(host.name)}</b>, Linux {shown(host.kernel)}
          </span>
        </div>
      </div>
      <div class="about">
        <Panel title="Its own cost">
          <Fact name="CPU">{costText(serve.cpuShare)} of a core, over the last minute</Fact>
          {serve.budget !== undefined && (
            <Fact name="Budget for what is in the background" isBad={serve.budget.stretched}>
              {percentText(serve.budget.share)} of a core
              {serve.budget.stretched ? ', used up: it is read less often' : ''}
            </Fact>
          )}
          <Fact name="The doctor">{costText(serve.doctorShare)} of a core</Fact>
          <Fact name="Memory">{bytesText(serve.residentBytes)}</Fact>
          <Fact name="Runs since">{momentText(serve.startedAtMs, atMs)}</Fact>
          <Fact name="Pages that are connected">{serve.streams}</Fact>
        </Panel>
        <Panel title="Sources">
          <Fact name="A tick">every {spanText(serve.intervalMs)}</Fact>
          <Fact name="Connections">{SOURCES[serve.eventSource ?? ''] ?? serve.eventSource}</Fact>
          <Fact name="Containers">{many(host.containers, 'container')}</Fact>
          <Fact name="Times">{zoneText(atMs)}</Fact>
          {notes.map((note) => (
            <Fact key={note} name="Now">
              {shown(note)}
            </Fact>
          ))}
        </Panel>
        <Panel title="History">
          <Fact name="Kept">
            {serve.history === undefined
              ? 'nothing: serve runs without a data folder'
              : `${spanText(serve.history.keepMs)}, ${bytesText(serve.history.bytes)} so far`}
          </Fact>
          {incidents !== undefined && (
            <>
              <Fact name="Flight recorder">
                {bytesText(incidents.ring.bytes)} of {bytesText(incidents.ring.maxBytes)}, the last{' '}
                {spanText(incidents.ring.keepMs)}
              </Fact>
              <Fact name="Incidents">
                {incidents.incidents.length} of {incidents.maxIncidents}
              </Fact>
            </>
          )}
          {sources.map((source) => (
            <Fact key={source} name="The past">
              {sentence(shown(source))}
            </Fact>
          ))}
          {gaps !== undefined && <Gaps gaps={gaps} atMs={atMs} />}
        </Panel>
        <Panel title="Licence">
          <Fact name="socklens">MIT</Fact>
          <Fact name="Packages in it">THIRD-PARTY.md in the package, beside the program</Fact>
        </Panel>
        <Alerts receivers={alerts.receivers} atMs={atMs} />
      </div>
    </>
  );
}

const SOURCES: Readonly<Record<string, string>> = {
  '': 'are not reported',
  tracepoint: 'reported by eBPF, each with its beginning and its end',
  sock_diag: 'their ends reported by sock_diag',
};

async function readKnown(): Promise<Known> {
  const overview = await askServer<OverviewAnswer>('overview');
  const query = {
    from: Math.floor(overview.atMs - GAPS_MS),
    to: Math.ceil(overview.atMs),
    points: POINTS,
    // Gaps alone.
    series: '',
  };
  const history = await askServer<HistoryAnswer>('history', query).catch(() => undefined);
  const incidents = await askServer<IncidentsAnswer>('incidents').catch(() => undefined);
  const alerts = await askServer<AlertsAnswer>('alerts');
  return { overview, gaps: history?.gaps, sources: history?.notes ?? [], incidents, alerts };
}

function Gaps({ gaps, atMs }: { gaps: readonly HistoryGap[]; atMs: number }) {
  if (gaps.length === 0) return <Fact name="Gaps">none in the last {spanText(GAPS_MS)}</Fact>;
  return (
    <>
      {gaps.slice(-MOST_GAPS).map(({ fromMs, toMs, reason }) => (
        <Fact key={fromMs} name="Gap">
          {momentText(fromMs, atMs)}, {spanText(toMs - fromMs)}: {shown(reason)}
        </Fact>
      ))}
    </>
  );
}

function Panel({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="panel" aria-label={title}>
      <div class="panel-head">
        <h2>{title}</h2>
      </div>
      <dl class="panel-body">{children}</dl>
    </section>
  );
}

function Fact({ name, isBad = false, children }: { name: string; isBad?: boolean; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={isBad ? 'c-warning' : ''}>{children}</dd>
    </div>
  );
}
