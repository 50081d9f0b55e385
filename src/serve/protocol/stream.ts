/** What `serve` streams. Types only, as in `protocol.ts`. */
import type { Notice, OverviewAnswer, ProblemsAnswer } from '../protocol.ts';
import type { EventBatch } from './connections.ts';
import type { ContainerAnswer } from './container.ts';

/**
 * The events of `GET /api/v1/stream?container=NAME` and `?events=1&filter=FILTER`, `text/event-stream`. Each has an `id`; `Last-Event-ID` (or
 * `?last=ID`) resumes: `problems` and `notice` that were missed come at once, of ticks only the latest, whole. A comment
 * comes every 15 s. A reader that is slow gets fewer ticks, never old ones.
 */
export interface StreamEvents {
  tick: OverviewAnswer;
  container: ContainerAnswer;
  problems: ProblemsAnswer;
  notice: readonly Notice[];
  /** Of a stream that was opened with `events=1`. */
  events: EventBatch;
}
