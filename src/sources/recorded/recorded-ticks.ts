import type { StoredTick } from '../../model/sample/recorded.ts';
import type { StoredSockets } from '../../model/socket/stored-sockets.ts';
import type { RecordedClosedConnection } from '../../recording/closed-rows.ts';
import type { OpenRecording } from './open-recording.ts';

/** A tick, and the connections closed before it. */
export interface RecordedStep {
  /** Absent after the last one. */
  tick?: StoredTick<StoredSockets>;
  closed: RecordedClosedConnection[];
  /** A sentence that says why the recording ends early here; absent otherwise. */
  cut?: string;
}

/** Reads a recording tick by tick, one ahead, so that the last one carries why the recording ends early. */
export async function* recordedSteps({ items, cut }: OpenRecording): AsyncGenerator<RecordedStep> {
  let step: RecordedStep = { closed: [] };
  let ready: RecordedStep | undefined;
  for (let item = await items.next(); !item.done; item = await items.next()) {
    if (item.value.kind === 'closed') step.closed.push(...item.value.closed);
    if (item.value.kind !== 'tick') continue;
    if (ready !== undefined) yield ready;
    ready = { ...step, tick: item.value.tick };
    step = { closed: [] };
  }
  const why = cut();
  if (ready !== undefined) yield why === undefined ? ready : { ...ready, cut: why };
  if (step.closed.length > 0) yield step;
}
