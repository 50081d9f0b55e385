import { useEffect } from 'preact/hooks';
import { Blank } from '../../components/blank.tsx';
import { followIncidents, incidentFault, incidents, saveIncident } from '../../state/incidents.ts';
import { openFile } from '../../state/recording.ts';
import { route, show } from '../../state/route.ts';
import { bytesText } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import { minuteText, spanText } from '../../text/times.ts';
import { chosen } from './chosen.ts';
import { ComparisonPanel } from './comparison.tsx';
import { IncidentTable } from './incident-table.tsx';

/** What was kept of the last minutes; any recording can be opened here. */
export function Incidents() {
  useEffect(followIncidents, []);
  const [before, after] = (route.value.options.compare ?? '').split(',');
  return (
    <>
      <Head />
      {incidentFault.value !== undefined && (
        <p class="fault-line" role="alert">
          {shown(incidentFault.value)}
        </p>
      )}
      {before !== undefined && after !== undefined && (
        <ComparisonPanel key={`${before},${after}`} before={before} after={after} />
      )}
      <List />
      <Drop />
      <Recorder />
    </>
  );
}

function Head() {
  const answer = incidents.value;
  const kept = answer?.incidents.filter(({ state }) => state === 'saved') ?? [];
  const coming = answer?.incidents.filter(({ state }) => state === 'wanted' || state === 'recording') ?? [];
  return (
    <div class="verdict">
      <h1>Incidents</h1>
      {answer !== undefined && (
        <div class="facts">
          <span>
            <b>{kept.length}</b> kept
          </span>
          {coming.length > 0 && (
            <span>
              <b>{coming.length}</b> being recorded
            </span>
          )}
          <span>
            <b>{bytesText(kept.reduce((sum, { bytes }) => sum + bytes, 0))}</b> of {bytesText(answer.maxIncidentBytes)}
          </span>
          <span>
            from {spanText(answer.incidentMs.before)} before to {spanText(answer.incidentMs.after)} after
          </span>
        </div>
      )}
      <div class="right">
        <button
          type="button"
          class="btn"
          disabled={chosen.value.length !== 2}
          onClick={() => show({ options: { compare: inOrder(chosen.value).join(',') } })}
        >
          Compare 2
        </button>
        <button type="button" class="btn primary" disabled={answer === undefined} onClick={() => void saveIncident()}>
          Save the last {answer === undefined ? '15 min' : spanText(answer.incidentMs.before)}
        </button>
      </div>
    </div>
  );
}

/** The earlier one first: ids are times. */
function inOrder(ids: readonly string[]): string[] {
  return [...ids].sort();
}

function List() {
  const answer = incidents.value;
  if (answer === undefined) {
    return incidentFault.value === undefined ? (
      <section class="panel loading" aria-busy="true" aria-label="Loading">
        <p class="faint">Loading</p>
      </section>
    ) : null;
  }
  const search = route.value.filter.trim().toLowerCase();
  const found = answer.incidents.filter(({ id, name, cause }) =>
    `${id} ${name} ${cause}`.toLowerCase().includes(search),
  );
  if (answer.incidents.length === 0) {
    return (
      <Blank
        title="No incident was kept yet"
        text="The last minutes are kept here when a problem is critical, and when somebody asks for it: by the button above, or by socklens incident save."
      />
    );
  }
  if (found.length === 0)
    return <Blank title="Nothing matches" text={`No incident has "${route.value.filter}" in its name.`} />;
  return <IncidentTable incidents={found} />;
}

/** A file that is chosen is read in the browser, as one that is dropped. */
function Drop() {
  return (
    <section class="drop" aria-label="Open a recording">
      <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
        <path d="M11 2V14M6 9.5 11 14.5 16 9.5M3 19H19" fill="none" stroke="currentColor" stroke-width="1.6" />
      </svg>
      <span>
        <b>Drop a recording anywhere on the page.</b> It opens in this browser, with every view, and is sent nowhere.
      </span>
      <label class="btn file-button">
        Choose file
        <input
          type="file"
          class="vh"
          accept=".slr,application/gzip"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            event.currentTarget.value = '';
            if (file !== undefined) openFile(file);
          }}
        />
      </label>
    </section>
  );
}

/** How much of the last minutes is there to be kept. */
function Recorder() {
  const answer = incidents.value;
  if (answer === undefined) return null;
  const { bytes, maxBytes, keepMs, fromMs } = answer.ring;
  return (
    <section class="panel recorder" aria-label="Flight recorder">
      <div class="panel-head">
        <h2>Flight recorder</h2>
        <span class="faint">the last {spanText(keepMs)}, always</span>
      </div>
      <div class="panel-body">
        <span class="pair">
          <span>
            {bytesText(bytes)}
            {fromMs !== undefined && `, since ${minuteText(fromMs)}`}
          </span>
          <span class="faint">at most {bytesText(maxBytes)}</span>
        </span>
        {answer.notKept.map((text) => (
          <p key={text} class="c-warning">
            {shown(text)}
          </p>
        ))}
        <span class="faint">
          The same from a shell: <code>socklens incident save</code>
        </span>
      </div>
    </section>
  );
}
