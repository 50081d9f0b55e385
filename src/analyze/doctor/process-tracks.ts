import { grouped } from '../../base/lists.ts';
import type { FindingScope } from '../../model/finding.ts';
import { limitShare } from '../../model/limits.ts';
import type { ProcessSample } from '../../model/sample.ts';
import type { SpaceSeries } from '../../model/series.ts';
import type { WatchedSpace } from '../../model/watched.ts';
import { holderScope } from './scopes.ts';

/** A process at one of the looks that counted its descriptors. */
export interface ProcessLook {
  atMs: number;
  process: ProcessSample;
}

/** Every process of a namespace with its looks in the order of time; a PID that was given again is another one. */
export function processTracks({ samples }: SpaceSeries): ProcessLook[][] {
  const looks = samples.flatMap(({ atMs, processes = [] }) => processes.map((process) => ({ atMs, process })));
  return [...grouped(looks, ({ process }) => `${process.pid} ${process.startTicks}`).values()];
}

/**
 * The look that had the most of the soft limit in use: a load that is over since a moment was near it all the
 * same. Looks from before the limit was changed do not count.
 */
export function fullestLook(looks: readonly ProcessLook[]): ProcessLook | undefined {
  const share = ({ process: { used, softLimit } }: ProcessLook) => limitShare(used, softLimit) ?? 0;
  const limit = looks.at(-1)?.process.softLimit;
  return looks
    .filter(({ process }) => process.softLimit === limit)
    .reduce<ProcessLook | undefined>(
      (best, look) => (best === undefined || share(look) >= share(best) ? look : best),
      undefined,
    );
}

/** A process as what a finding is about. */
export function processScope(space: WatchedSpace, process: ProcessSample): FindingScope {
  const { container } = process;
  return holderScope(space, { process, ...(container !== undefined && { container }) });
}
