import type { NetnsTick } from '../../sources/sample-source.ts';

/** Why something of a namespace is not known, in the order of the output. */
export const COVERAGE_GAPS = ['not_read', 'incomplete', 'procfs_only', 'no_events', 'events_lost'] as const;

type Gap = (typeof COVERAGE_GAPS)[number];

/** Lost events concern a namespace for so long, milliseconds. */
const LOST_MS = 60_000;

interface Known {
  isComplete: boolean;
  isProcfs: boolean;
  /** When events were lost last, milliseconds since the epoch; undefined for never. */
  lostMs: number | undefined;
}

/** What is not known of each namespace, from tick to tick. */
export class CoverageGaps {
  #namespaces = new Map<number, Known>();
  #counts: ReadonlyMap<Gap, number> = new Map();

  /** @param hasEvents whether connection events are received */
  take(ticks: readonly NetnsTick[], hasEvents: boolean, atMs: number): void {
    const namespaces = new Map<number, Known>();
    const counts = new Map<Gap, number>(COVERAGE_GAPS.map((gap) => [gap, 0]));
    const add = (gap: Gap, applies: boolean) => applies && counts.set(gap, (counts.get(gap) ?? 0) + 1);
    for (const { namespace, snapshot, snapshotAtMs, lost } of ticks) {
      const before = this.#namespaces.get(namespace.netns);
      const known = {
        isComplete: snapshot?.coverage.complete ?? before?.isComplete ?? true,
        isProcfs: (snapshot && snapshot.source === 'procfs') ?? before?.isProcfs ?? false,
        lostMs: lost > 0 ? atMs : before?.lostMs,
      };
      namespaces.set(namespace.netns, known);
      add('not_read', snapshotAtMs === undefined && snapshot === undefined);
      add('incomplete', !known.isComplete);
      add('procfs_only', known.isProcfs);
      add('no_events', !hasEvents);
      add('events_lost', known.lostMs !== undefined && Math.abs(atMs - known.lostMs) < LOST_MS);
    }
    this.#namespaces = namespaces;
    this.#counts = counts;
  }

  /** Numbers of namespaces; every reason is there once a tick was taken. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
