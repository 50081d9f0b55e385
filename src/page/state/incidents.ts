import { signal } from '@preact/signals';
import { SERIES } from '../../model/report/series-names.ts';
import type { HistoryAnswer } from '../../serve/protocol/history.ts';
import type { IncidentsAnswer, StoredIncident } from '../../serve/protocol.ts';
import { askServer, RequestError, send } from './request.ts';
import { speak } from './speech.ts';

/** What is kept on the server; undefined before the first answer. */
export const incidents = signal<IncidentsAnswer | undefined>(undefined);
/** Why the last thing that was asked for did not happen, or the list cannot be read; undefined for nothing. */
export const incidentFault = signal<string | undefined>(undefined);

/** What the history knows of the time of an incident. */
export interface IncidentPast {
  /** Open sockets of all rows together; undefined where nothing is known. */
  open: readonly (number | undefined)[];
  /** Rows but the host and namespaces without a container; undefined where nothing is known. */
  containers: number | undefined;
}

/** By the id of the incident; a stored incident does not change any more. */
export const pasts = signal<ReadonlyMap<string, IncidentPast>>(new Map());

const EVERY_MS = 3000;
const POINTS = 94;

/** Reads the list, and again every few seconds, until the returned function is called. */
export function followIncidents(): () => void {
  void refresh();
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') void refresh();
  }, EVERY_MS);
  return () => clearInterval(timer);
}

/** Keeps the last minutes. */
export async function saveIncident(): Promise<void> {
  await change('Being recorded', 'api/v1/incidents', 'POST');
}

/** Gives an incident another name. */
export async function renameIncident(id: string, name: string): Promise<void> {
  await change(`Named ${name}`, addressOf(id), 'PATCH', JSON.stringify({ name }));
}

/** Deletes an incident and its recording. */
export async function deleteIncident(id: string): Promise<void> {
  await change('Deleted', addressOf(id), 'DELETE');
}

/** The recording of an incident, as a file. */
export async function downloadIncident(id: string): Promise<void> {
  try {
    const blob = await recordingOf(id);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `socklens-${id}.slr`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    fail(error);
  }
}

/** The bytes of the recording of an incident. @throws {RequestError} */
export async function recordingOf(id: string, signal?: AbortSignal): Promise<Blob> {
  return (await send(`${addressOf(id)}/recording`, { signal })).blob();
}

function addressOf(id: string): string {
  return `api/v1/incidents/${encodeURIComponent(id)}`;
}

async function change(
  said: string,
  address: string,
  method: 'POST' | 'PATCH' | 'DELETE',
  body?: string,
): Promise<void> {
  try {
    await send(address, { method, ...(body !== undefined && { body }) });
    speak(said);
    await refresh();
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  const missing = error instanceof RequestError && error.status === 404 && incidents.peek() === undefined;
  incidentFault.value = missing ? 'Nothing is recorded here' : error instanceof Error ? error.message : String(error);
  speak(incidentFault.value);
}

async function refresh(): Promise<void> {
  try {
    const answer = await askServer<IncidentsAnswer>('incidents');
    incidents.value = answer;
    incidentFault.value = undefined;
    for (const incident of answer.incidents) if (!pasts.peek().has(incident.id)) await readPast(incident);
  } catch (error) {
    fail(error);
  }
}

async function readPast({ id, state, fromMs, toMs }: StoredIncident): Promise<void> {
  if (state !== 'saved' || toMs <= fromMs) return;
  const query = { from: Math.floor(fromMs), to: Math.ceil(toMs), points: POINTS, series: SERIES.open };
  const answer = await askServer<HistoryAnswer>('history', query).catch(() => undefined);
  if (answer === undefined) return;
  const open = Array.from({ length: answer.points }, (_, index) => {
    const known = answer.containers.flatMap(({ columns }) => columns[0]?.mean[index] ?? []);
    return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
  });
  const containers = answer.containers.filter(
    ({ container }) => container !== 'host' && !/^netns:/.test(container),
  ).length;
  const isKnown = answer.containers.length > 0;
  pasts.value = new Map(pasts.peek()).set(id, { open, containers: isKnown ? containers : undefined });
}
