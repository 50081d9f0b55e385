import type { FindingScope } from '../../model/finding.ts';
import type { ProcessSample } from '../../model/sample.ts';
import type { SpaceSeries } from '../../model/series.ts';
import type { WatchedSpace } from '../../model/watched.ts';
import { grouped } from './looks.ts';
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

/** A process as what a finding is about. */
export function processScope(space: WatchedSpace, process: ProcessSample): FindingScope {
  const { container } = process;
  return holderScope(space, { process, ...(container !== undefined && { container }) });
}
