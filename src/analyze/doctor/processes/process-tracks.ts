import type { ProcessSample } from '../../../model/sample.ts';
import type { SpaceSeries } from '../../../model/series.ts';
import type { SocketHolder } from '../rule.ts';
import { grouped } from '../snapshots/snapshots.ts';

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
  const share = ({ process: { used, softLimit } }: ProcessLook) => (softLimit === null ? 0 : used / softLimit);
  const limit = looks.at(-1)?.process.softLimit;
  return looks
    .filter(({ process }) => process.softLimit === limit)
    .reduce<ProcessLook | undefined>(
      (best, look) => (best === undefined || share(look) >= share(best) ? look : best),
      undefined,
    );
}

/** A process as the holder that a fault is about. */
export function processHolder(process: ProcessSample): SocketHolder {
  const { container } = process;
  return { process, ...(container !== undefined && { container }) };
}
