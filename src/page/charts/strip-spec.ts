import type { HistoryAnswer } from '../../serve/protocol/history.ts';
import type { PaintName } from './paint.ts';
import type { Ceiling } from './scale.ts';
import type { Range, Timeline } from './timeline.ts';

/** One chart under the clock: which series it has, and what bounds them. */
export interface StripSpec {
  title: string;
  /** What is counted, under the title. */
  unit: string;
  /** Pixels. */
  height: number;
  kind: 'stack' | 'lines';
  /** From the bottom to the top. */
  layers: readonly { name: string; label: string; paint: PaintName }[];
  /** The series that the layers of a stack are parts of: its highest values are drawn above them. Absent for none. */
  whole?: string;
  ceilings: readonly Ceiling[];
  /** What its numbers are; a count where it is absent. */
  quantity?: 'rate' | 'microseconds';
  /** Whether the legend ends with the sum of all. */
  hasTotal?: boolean;
  /** Whether it is the uppermost of its page: it says what the hatching and the hairlines of all of them are. */
  isFirst?: boolean;
  /** Whether its highest value is named. */
  hasPeak?: boolean;
}

/** What is drawn in all strips of a page. */
export interface Surroundings {
  timeline: Timeline;
  /** Parts of time in which it had a problem. */
  bands: readonly Range[];
  /** What happened to the container. */
  marks: readonly { atMs: number; container: string; what: HistoryAnswer['marks'][number]['what'] | 'renamed' }[];
}
