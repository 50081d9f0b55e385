import type { EventBatch, EventMark, EventNumbers, ServedConnection } from '../../../serve/protocol/connections.ts';

/** A line of the stream: the event of a connection, or what happened between them. */
export interface Line {
  /** Identifies it while it is shown. */
  key: string;
  atMs: number;
  event?: ServedConnection;
  mark?: EventMark;
}

/** Lines that are kept: more of them nobody scrolls through, and the browser stays quick. */
export const MOST_LINES = 5000;

let keys = 0;

/** Events and marks as lines, the newest first. */
export function linesOf(events: readonly ServedConnection[], marks: readonly EventMark[]): Line[] {
  const lines: Line[] = [
    ...events.map((event) => ({ key: `e${++keys}`, atMs: event.atMs, event })),
    ...marks.map((mark) => ({ key: `m${++keys}`, atMs: mark.atMs, mark })),
  ];
  return lines.sort((a, b) => b.atMs - a.atMs);
}

/** Lines with those of a batch before them. */
export function withBatch(lines: readonly Line[], { events, marks }: EventBatch): Line[] {
  return [...linesOf(events, marks), ...lines].slice(0, MOST_LINES);
}

/** Sums of numbers by kind. */
export function sumOf(a: EventNumbers, b: EventNumbers): EventNumbers {
  return {
    opened: a.opened + b.opened,
    established: a.established + b.established,
    failed: a.failed + b.failed,
    closed: a.closed + b.closed,
  };
}

export const NO_EVENTS: EventNumbers = { opened: 0, established: 0, failed: 0, closed: 0 };

/** All events of numbers. */
export function totalOf({ opened, established, failed, closed }: EventNumbers): number {
  return opened + established + failed + closed;
}

/** Whether an event is a failed attempt, or the end of a connection that was broken off. */
export function isBad({ event, outcome = 'closed' }: ServedConnection): boolean {
  return event === 'failed' || (event === 'closed' && outcome !== 'closed' && outcome !== 'unconnected');
}
