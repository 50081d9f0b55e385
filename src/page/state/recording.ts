import { batch, effect, signal } from '@preact/signals';
import type { RecordingFacts } from '../../serve/recorded/recording-answers.ts';
import type { OpenedRecording } from '../recording/open-recording.ts';
import { charted } from './charted.ts';
import { recordingOf } from './incidents.ts';
import { forget, receive } from './live.ts';
import { type Answers, RequestError, recordedAnswers } from './request.ts';
import { route, show } from './route.ts';
import { speak } from './speech.ts';

/** The recording that is shown. */
export interface ShownRecording {
  /** As the address has it: the id of an incident, or a file's. */
  id: string;
  name: string;
  /** Undefined before its first tick. */
  facts: RecordingFacts | undefined;
  /** Whether the rules have judged it. */
  isJudged: boolean;
}

/** The recording that is shown; undefined while the numbers are those of the server. */
export const shownRecording = signal<ShownRecording | undefined>(undefined);
/** Why a recording cannot be shown, as a sentence; undefined for nothing. */
export const recordingFault = signal<string | undefined>(undefined);

/** Files that were dropped or chosen in this tab, by their ids. */
const files = new Map<string, File>();
/** While a recording is read, its numbers are shown anew so often, milliseconds. */
const PROGRESS_MS = 300;
/** Of the time before the first tick is known: an hour. */
const DEFAULT_MS = 3_600_000;

/** Shows a recording in a file: it is read in this browser and sent nowhere. */
export function openFile(file: File): void {
  const id = `file-${files.size + 1}`;
  files.set(id, file);
  showRecording(id);
}

/** The bytes of a recording: a file of this tab, or an incident of the server. @throws {RequestError} */
export async function bytesOf(id: string, stop?: AbortSignal): Promise<Blob> {
  return files.get(id) ?? stored(id, stop);
}

/** Shows a stored incident, or another recording that is known. */
export function showRecording(id: string): void {
  recordingFault.value = undefined;
  show({ page: 'overview', name: '', filter: '', recording: id, time: { lastMs: DEFAULT_MS }, options: {} });
}

/** Back to the numbers of the server. */
export function leaveRecording(): void {
  show({ page: 'incidents', name: '', filter: '', recording: undefined, time: { lastMs: DEFAULT_MS }, options: {} });
}

/** All of the time of the recording. */
export function showWhole(): void {
  const facts = shownRecording.peek()?.facts;
  if (facts !== undefined) show({ time: { lastMs: lengthOf(facts) } });
}

/** Whether a part of the recording is shown. */
export function isPart(): boolean {
  return !('lastMs' in route.peek().time);
}

/** Opens the recording that the address names, and answers the views by it. */
export function followRecording(): void {
  let stop = new AbortController();
  let shownId: string | undefined;
  effect(() => {
    const id = route.value.recording;
    if (id === shownId) return;
    shownId = id;
    stop.abort();
    stop = new AbortController();
    forget();
    if (id === undefined) {
      batch(() => {
        shownRecording.value = undefined;
        recordedAnswers.value = undefined;
      });
    } else begin(id, stop.signal);
  });
  effect(() => {
    const name = charted.value;
    if (shownRecording.value !== undefined && name !== '') sendRow(name);
  });
}

let opened: OpenedRecording | undefined;

/** Shows the last numbers of the row of the page. */
function sendRow(name: string): void {
  const row = opened?.row(name);
  if (row !== undefined) receive('container', row);
}

function begin(id: string, stop: AbortSignal): void {
  const name = files.get(id)?.name ?? id;
  opened = undefined;
  const opening = open(id, name, stop);
  const answers: Answers = {
    async request(path, options, signal) {
      const recording = await opening;
      if (recording === undefined) throw new RequestError(404, 'the recording cannot be read');
      const answer = await recording.request(path, options);
      signal?.throwIfAborted();
      return answer;
    },
  };
  batch(() => {
    shownRecording.value = { id, name, facts: undefined, isJudged: false };
    recordedAnswers.value = answers;
  });
  void opening
    .then((recording) => recording && follow(recording, stop))
    .catch((error: unknown) => {
      if (!stop.aborted) fail(error);
    });
}

async function open(id: string, name: string, stop: AbortSignal): Promise<OpenedRecording | undefined> {
  try {
    const blob = await bytesOf(id, stop);
    const { openRecording } = await import('../recording/open-recording.ts');
    const recording = await openRecording(name, blob, progressOf(stop), stop);
    if (stop.aborted) return undefined;
    opened = recording;
    return recording;
  } catch (error) {
    if (!stop.aborted) fail(error);
    return undefined;
  }
}

/** The recording of an incident of the server. */
async function stored(id: string, stop: AbortSignal | undefined): Promise<Blob> {
  if (id.startsWith('file-')) throw new RequestError(404, 'The file is not in this tab any more: drop it again.');
  return recordingOf(id, stop);
}

/** Shows what is read so far, now and then. */
function progressOf(stop: AbortSignal): () => void {
  let dueMs = 0;
  return () => {
    const now = performance.now();
    if (now < dueMs || stop.aborted) return;
    dueMs = now + PROGRESS_MS;
    // The tick is being taken: its numbers are there a moment later.
    setTimeout(() => {
      if (!stop.aborted && opened !== undefined) void publish(opened);
    });
  };
}

/** Reads the rest, then has the rules judge. */
async function follow(recording: OpenedRecording, stop: AbortSignal): Promise<void> {
  await recording.reading;
  if (stop.aborted) return;
  await publish(recording);
  speak(`Recording ${recording.facts?.name ?? ''}`);
  await recording.judge(stop);
  if (stop.aborted) return;
  const known = shownRecording.peek();
  // Who asked before asks again: how high pools were between two ticks is known with the judgement.
  const answers = recordedAnswers.peek();
  if (known !== undefined && answers !== undefined)
    batch(() => {
      shownRecording.value = { ...known, isJudged: true };
      recordedAnswers.value = { ...answers };
    });
  await publish(recording);
}

/** Shows the end of what was read, over all of its time. */
async function publish(recording: OpenedRecording): Promise<void> {
  const overview = await recording.overview();
  const { facts } = recording;
  const known = shownRecording.peek();
  if (opened !== recording || facts === undefined || known === undefined) return;
  const { time } = route.peek();
  const wasWhole = 'lastMs' in time && time.lastMs === (known.facts === undefined ? DEFAULT_MS : lengthOf(known.facts));
  batch(() => {
    shownRecording.value = { ...known, facts };
    receive('tick', overview);
    receive('problems', recording.problems());
    sendRow(charted.value);
    if (wasWhole) show({ time: { lastMs: lengthOf(facts) } }, false);
  });
}

function lengthOf({ fromMs, toMs, intervalMs }: RecordingFacts): number {
  return Math.max(Math.ceil((toMs - fromMs + intervalMs) / 1000) * 1000, 5000);
}

/** Says why in one line, and shows the server's numbers again. */
function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  recordingFault.value = message;
  speak(message);
  show({ page: 'incidents', recording: undefined, time: { lastMs: DEFAULT_MS } }, false);
}
