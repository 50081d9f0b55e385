import fs from 'node:fs';
import { durationError, parseMilliseconds } from '../base/duration.ts';
import { nearest } from '../base/nearest.ts';
import { safeText } from '../base/safe-text.ts';
import { meantFilter } from '../filter/meant-filter.ts';
import { Failure } from '../model/failure.ts';
import { isIncidentId } from '../sources/incidents/incident.ts';
import { IncidentFolder } from '../sources/incidents/incident-folder.ts';
import type { Recorded } from '../sources/open-source.ts';
import { fileInput } from '../sources/recorded/file-input.ts';
import { openRecording } from '../sources/recorded/open-recording.ts';
import { checkNames, isTargetOf, targetsIn } from '../sources/recorded/recorded-targets.ts';
import { contentsOf } from '../sources/recorded/recording-contents.ts';
import { defaultFolder } from './data-folder.ts';
import { splitOperands } from './operands.ts';

/** The values of `--from`, `--at`, `--for` and `--speed`. */
export interface RecordedFlags {
  from?: string | undefined;
  at?: string | undefined;
  /** Milliseconds. */
  for?: number | undefined;
  /** Factor of real time; `Infinity` for no waiting. */
  speed?: number | undefined;
}

/**
 * The part of a recording that the options name; undefined for this machine. `--for` is the time before `--at`,
 * or before the end.
 *
 * @throws {Failure} `usage` for an invalid time, and for `--at` or `--speed` without `--from`
 */
export async function recordedOf(flags: RecordedFlags, defaultSpeed?: number): Promise<Recorded | undefined> {
  const { from, at, speed } = flags;
  if (from === undefined) {
    if (at !== undefined || speed !== undefined)
      throw new Failure('usage', `${at === undefined ? '--speed' : '--at'} needs --from`);
    return undefined;
  }
  const chosen = speed ?? defaultSpeed;
  const file = fileOf(from);
  const untilMs = at === undefined ? undefined : await momentOf(file, at);
  return {
    file,
    untilMs,
    sinceMs: flags.for === undefined ? undefined : await sinceOf(file, untilMs, flags.for),
    speed: chosen === Number.POSITIVE_INFINITY ? undefined : chosen,
  };
}

/** A file, or the recording of an incident by its id. */
function fileOf(from: string): string {
  if (!isIncidentId(from) || fs.existsSync(from)) return from;
  return savedRecording(defaultFolder(), from);
}

/**
 * The file of the recording of an incident.
 *
 * @param data the folder of `serve`
 * @throws {Failure} `usage` for an unknown one, and one whose recording is not complete
 */
export function savedRecording(data: string, id: string): string {
  const incidents = new IncidentFolder(data);
  const { state } = incidents.get(id);
  if (state !== 'saved') throw new Failure('usage', `${id}: no recording yet; see socklens incident list`);
  return incidents.recordingOf(id);
}

async function sinceOf(file: string, untilMs: number | undefined, forMs: number): Promise<number> {
  const { lastMs = 0 } = await contentsOf(fileInput(file));
  return Math.min(lastMs, untilMs ?? lastMs) - forMs;
}

/** `+90s` since the recording began, `14:03:59` on the day that it began, or an ISO 8601 time. */
async function momentOf(file: string, text: string): Promise<number> {
  const { reader, close } = await openRecording(fileInput(file));
  close();
  const { startedAtMs } = reader.header;
  if (text.startsWith('+')) {
    const afterMs = parseMilliseconds(text.slice(1));
    if (afterMs === undefined) throw new Failure('usage', `--at: ${durationError(text.slice(1))}`);
    return startedAtMs + afterMs;
  }
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d{1,3})?)?$/.exec(text);
  if (clock !== null) {
    const day = new Date(startedAtMs);
    // A time in whole seconds includes that second.
    const ms = clock[4] === undefined ? 999 : Math.round(Number(clock[4]) * 1000);
    day.setHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), ms);
    // A time well before the start is one of the next day.
    if (day.getTime() < startedAtMs - DAY_MS / 2) day.setDate(day.getDate() + 1);
    return day.getTime();
  }
  const moment = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(moment)) throw new Failure('usage', `--at ${text}: write +90s, 14:03:59 or 2026-01-31T14:03:59Z`);
  return moment;
}

const DAY_MS = 86_400_000;

/** Operands of a verb with `--from`. */
export interface RecordedWords {
  /** Undefined for all that was recorded. */
  target: string | undefined;
  filter: string;
}

/**
 * Splits operands into TARGETs and FILTER as {@link splitOperands}.
 *
 * @throws {Failure} `usage` when the recording cannot be read, `no-target` for a TARGET that it does not contain
 */
export async function recordedWords({ file }: Recorded, words: readonly string[]): Promise<RecordedWords> {
  const { target, filter } = splitOperands(words);
  if (target === '') return { target: undefined, filter };
  const { namespaces } = await contentsOf(fileInput(file));
  checkNames(namespaces, target);
  const missing = targetsIn(target).filter((wanted) => !namespaces.some((namespace) => isTargetOf(namespace, wanted)));
  const [first] = missing;
  if (first === undefined) return { target, filter };
  const names = [...new Set(namespaces.flatMap(({ name, targets }) => [name, ...targets]))];
  const known = `${names.slice(0, MAX_NAMES).map(safeText).join(', ')}${names.length > MAX_NAMES ? ', …' : ''}`;
  const meant = nearest(first, [...names, 'all']) ?? meantFilter(first);
  const hint = meant === undefined ? '' : `; did you mean ${safeText(meant)}?`;
  throw new Failure('no-target', `${missing.join(',')}: not in ${file}; it contains ${known || 'no targets'}${hint}`);
}

/** Maximum number of names in an error message. */
const MAX_NAMES = 10;
