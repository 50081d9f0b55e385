import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { StoredIncident } from '../../../serve/protocol.ts';
import { SeverityMark } from '../../components/severity.tsx';
import { Spark } from '../../components/spark.tsx';
import { hashOf } from '../../state/address.ts';
import { deleteIncident, downloadIncident, pasts, renameIncident } from '../../state/incidents.ts';
import { addKeys } from '../../state/keys.ts';
import { showRecording } from '../../state/recording.ts';
import { bytesText, many } from '../../text/numbers.ts';
import { shown } from '../../text/shown.ts';
import { clockText, dayText, minuteText, spanText } from '../../text/times.ts';
import { chosen } from './chosen.ts';

/** The incidents, the newest first. */
export function IncidentTable({ incidents }: { incidents: readonly StoredIncident[] }) {
  const table = useRef<HTMLTableElement>(null);
  useLayoutEffect(() => {
    const move = (by: 1 | -1) => {
      const links: Element[] = [...(table.current?.querySelectorAll('a.name') ?? [])];
      const at = document.activeElement === null ? -1 : links.indexOf(document.activeElement);
      const next = links[at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1)];
      if (next instanceof HTMLElement) next.focus();
    };
    return addKeys({ j: () => move(1), k: () => move(-1) });
  }, []);
  return (
    <section class="panel incidents" aria-label="Incidents">
      <table class="cards" ref={table}>
        <thead>
          <tr>
            <th>
              <span class="vh">Compare</span>
            </th>
            <th>Incident</th>
            <th aria-sort="descending">Moment</th>
            <th>Open sockets</th>
            <th>Seen</th>
            <th class="num">Size</th>
            <th>
              <span class="vh">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {incidents.map((incident) => (
            <IncidentRow key={incident.id} incident={incident} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function IncidentRow({ incident }: { incident: StoredIncident }) {
  const { id, atMs, fromMs, toMs, bytes, state } = incident;
  const isSaved = state === 'saved';
  const title = shown(incident.name === '' ? incident.cause : incident.name);
  const isChosen = chosen.value.includes(id);
  const past = pasts.value.get(id);
  return (
    <tr data-incident={id}>
      <td>
        <input
          type="checkbox"
          aria-label={`Compare ${title}`}
          disabled={!isSaved}
          checked={isChosen}
          onChange={() => {
            chosen.value = isChosen ? chosen.peek().filter((one) => one !== id) : [...chosen.peek(), id].slice(-2);
          }}
        />
      </td>
      <td>
        <Name incident={incident} title={title} />
      </td>
      <td class="m-hide">
        {clockText(atMs)}
        <span class="sub">{dayText(atMs)}</span>
      </td>
      <td class="m-wide past">
        {past?.containers !== undefined && <Spark values={past.open} limit={undefined} isReached={false} />}
      </td>
      <td class="m-wide">
        {seenText(past?.containers, toMs - fromMs)}
        <span class="sub">
          {minuteText(fromMs)} – {minuteText(toMs)}
        </span>
      </td>
      <td class="num m-hide">{isSaved ? bytesText(bytes) : '–'}</td>
      <td class="m-wide">
        <Actions incident={incident} title={title} />
      </td>
    </tr>
  );
}

function seenText(containers: number | undefined, lengthMs: number): string {
  return containers === undefined ? spanText(lengthMs) : `${many(containers, 'container')}, ${spanText(lengthMs)}`;
}

/** Its name; where it has none, why it was kept. */
function Name({
  incident: { id, name, cause, state, toMs, error },
  title,
}: {
  incident: StoredIncident;
  title: string;
}) {
  const severity = /^critical: /.test(cause) ? 'critical' : undefined;
  const states = {
    wanted: 'being taken',
    recording: `recording until ${clockText(toMs)}`,
    failed: `not kept: ${shown(error ?? '')}`,
    saved: name === '' ? 'not named' : shown(cause),
  };
  const address = hashOf({
    page: 'overview',
    name: '',
    filter: '',
    recording: id,
    time: { lastMs: 3_600_000 },
    options: {},
  });
  return (
    <>
      {severity !== undefined && <SeverityMark severity={severity} />}{' '}
      {state === 'saved' ? (
        <a class="name" href={address}>
          {title}
        </a>
      ) : (
        <span class="name">{title}</span>
      )}
      <span class={`sub ${state === 'failed' ? 'c-critical' : ''}`}>{states[state]}</span>
    </>
  );
}

function Actions({ incident: { id, name, state }, title }: { incident: StoredIncident; title: string }) {
  const doing = useSignal<'nothing' | 'naming' | 'deleting'>('nothing');
  const isSaved = state === 'saved';
  const stop = () => {
    doing.value = 'nothing';
  };
  if (doing.value === 'naming') return <NameForm id={id} name={name} onDone={stop} />;
  if (doing.value === 'deleting') return <DeleteForm id={id} title={title} onDone={stop} />;
  return (
    <span class="actions">
      <button
        type="button"
        class="btn"
        disabled={!isSaved}
        onClick={() => showRecording(id)}
        aria-label={`Open ${title}`}
      >
        Open
      </button>
      <button
        type="button"
        class="btn"
        disabled={!isSaved}
        onClick={() => void downloadIncident(id)}
        aria-label={`Download ${title}`}
      >
        Download
      </button>
      <button
        type="button"
        class="btn quiet"
        aria-label={`Name ${title}`}
        onClick={() => {
          doing.value = 'naming';
        }}
      >
        Name
      </button>
      <button
        type="button"
        class="btn quiet"
        aria-label={`Delete ${title}`}
        onClick={() => {
          doing.value = 'deleting';
        }}
      >
        Delete
      </button>
    </span>
  );
}

function NameForm({ id, name, onDone }: { id: string; name: string; onDone: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  const save = () => void renameIncident(id, input.current?.value.trim() ?? '').then(onDone);
  return (
    <span class="actions">
      <label class="field">
        <span class="vh">Name of the incident</span>
        <input
          ref={input}
          defaultValue={name}
          maxLength={200}
          spellcheck={false}
          autocomplete="off"
          onKeyDown={(event) => {
            if (event.key === 'Enter') save();
            if (event.key === 'Escape') onDone();
          }}
        />
      </label>
      <button type="button" class="btn" onClick={save}>
        Save
      </button>
    </span>
  );
}

function DeleteForm({ id, title, onDone }: { id: string; title: string; onDone: () => void }) {
  const first = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => first.current?.focus(), []);
  return (
    <span class="actions">
      <span class="muted">Delete it for good?</span>
      <button type="button" class="btn" ref={first} aria-label={`Keep ${title}`} onClick={onDone}>
        Keep
      </button>
      <button
        type="button"
        class="btn c-critical"
        aria-label={`Delete ${title} for good`}
        onClick={() => {
          chosen.value = chosen.peek().filter((one) => one !== id);
          void deleteIncident(id).then(onDone);
        }}
      >
        Delete
      </button>
    </span>
  );
}
