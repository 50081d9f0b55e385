/**
 * Incidents of public reports, made live with the software of their reporters, and healthy services that resemble
 * them. Each has a recording, which the tests replay.
 */
import path from 'node:path';
import type { Stage } from './stage.ts';

/** Services in a state that is worth a recording. */
interface Case {
  /** Name of its recording, and of the case in the score: `postgres-too-many-clients`. */
  name: string;
  /** What happens, in a sentence or two. */
  story: string;
  /** Starts everything. Returns when the state that is recorded has been reached and goes on. */
  scene(stage: Stage): Promise<void>;
  /** How long it is recorded, milliseconds; default eleven seconds: ten between the first and the last sample. */
  forMs?: number;
  /** Whether it runs in containers, and needs a Docker Engine. */
  needsDocker?: boolean;
}

/** A fault. */
export interface Incident extends Case {
  /** Address of the public report. */
  report: string;
  expected: Expected;
}

/** What a right answer is. */
export interface Expected {
  /** Rules of which one names the cause. */
  rules: readonly string[];
  /** Found in the place of the finding, see `placeOf`: process, subject, summary. */
  place: RegExp;
  /** Each is found in the place or the evidence of the cause: who else is concerned. */
  names?: readonly RegExp[];
  /** `info` where that is enough: the service works, and could be better. Default: a warning. */
  severity?: 'info';
  /** Each is found in the finding's fixes. */
  says?: readonly RegExp[];
  /** None is found in the finding's fixes: advice that would not help. */
  never?: readonly RegExp[];
  /** Rules that are right to report their symptom, or a second fault of the scene; after the cause or caused by it. */
  beside?: readonly string[];
}

/** A busy service without a fault: no finding at `warning` or above. */
export type Healthy = Case;

/** Default of {@link Case.forMs}. */
export const RECORDED_MS = 11_000;

/** File of a recording. */
export function recordingOf({ name }: { name: string }): string {
  return path.join(import.meta.dirname, 'recordings', `${name}.slr`);
}
