/** What is known of an incident, beside its recording: the content of its `.json` file. */
export interface Incident {
  /** Time of its moment in UTC, `20261130-120005`, with a number where there are several: the name of its files. */
  id: string;
  /** As somebody named it; empty for none. */
  name: string;
  /** Why it was saved: `by hand`, `critical: connection leak of web-1`. */
  cause: string;
  /** Whether no person asked for it: those are deleted first. */
  isAutomatic: boolean;
  /** The moment that it is about, milliseconds since the epoch. */
  atMs: number;
  /**
   * * `wanted`: asked for, and not yet seen by the running `serve`
   * * `recording`: the minutes after its moment are being recorded
   * * `saved`: its recording is complete
   * * `failed`: there is no recording of that time, or it could not be written
   */
  state: 'wanted' | 'recording' | 'saved' | 'failed';
  /** What its recording has, milliseconds since the epoch; what it is to have while it is not saved. */
  fromMs: number;
  toMs: number;
  /** Size of its recording; 0 before it is saved. */
  bytes: number;
  /** Why it failed; absent otherwise. */
  error?: string;
}

const STATES: readonly string[] = ['wanted', 'recording', 'saved', 'failed'];

/** Names of files are made of it. */
const ID = /^\d{8}-\d{6}(-\d{1,4})?$/;

/** Whether a text may be the id of an incident. */
export function isIncidentId(text: string): boolean {
  return ID.test(text);
}

/** The id of an incident at a moment. @param number of the incident at that moment, from 1 */
export function incidentId(atMs: number, number: number): string {
  const [day = '', time = ''] = new Date(atMs).toISOString().split('T');
  const id = `${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`;
  return number === 1 ? id : `${id}-${number}`;
}

/** The content of a file of an incident; undefined for anything else. */
export function parseIncident(text: string): Incident | undefined {
  let value: Partial<Incident>;
  try {
    value = (JSON.parse(text) ?? {}) as Partial<Incident>;
  } catch {
    return undefined;
  }
  const { id, name, cause, isAutomatic, atMs, state, fromMs, toMs, bytes, error } = value;
  const areNumbers = [atMs, fromMs, toMs, bytes].every(
    (number) => typeof number === 'number' && Number.isFinite(number),
  );
  const areTexts = [id, name, cause].every((word) => typeof word === 'string');
  if (!areNumbers || !areTexts || !isIncidentId(id ?? '') || !STATES.includes(state ?? '')) return undefined;
  return {
    ...({ id, name, cause, atMs, state, fromMs, toMs, bytes } as Incident),
    isAutomatic: isAutomatic === true,
    ...(typeof error === 'string' && { error }),
  };
}
