import { grouped } from '../../base/lists.ts';
import { perObject } from '../../base/memo.ts';
import { limitShare } from '../../model/container/limits.ts';
import type { ProcessSample } from '../../model/sample/sample.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import type { SocketHolder } from '../rule.ts';

/** A process in one of the snapshots that counted its descriptors. */
export interface ProcessSnapshot {
  atMs: number;
  process: ProcessSample;
}

/**
 * Every process of a namespace with its snapshots in the order of time; a reused PID is another process. The same list
 * each time: several rules ask for it.
 */
export const processTracks = perObject(({ samples }: NetnsSeries): readonly (readonly ProcessSnapshot[])[] => {
  const snapshots = samples.flatMap(({ atMs, processes = [] }) => processes.map((process) => ({ atMs, process })));
  return [...grouped(snapshots, ({ process }) => `${process.pid} ${process.startTicks}`).values()];
});

/**
 * The snapshot that had the most of the soft limit in use: a load that is over since a moment was near it all the
 * same. Snapshots from before the limit was changed do not count.
 */
export function fullestSnapshot(snapshots: readonly ProcessSnapshot[]): ProcessSnapshot | undefined {
  const share = ({ process: { used, softLimit } }: ProcessSnapshot) => limitShare(used, softLimit) ?? 0;
  const limit = snapshots.at(-1)?.process.softLimit;
  return snapshots
    .filter(({ process }) => process.softLimit === limit)
    .reduce<ProcessSnapshot | undefined>(
      (best, snapshot) => (best === undefined || share(snapshot) >= share(best) ? snapshot : best),
      undefined,
    );
}

/** A process as the holder that a fault is about. */
export function processHolder(process: ProcessSample): SocketHolder {
  const { container } = process;
  return { process, ...(container !== undefined && { container }) };
}
