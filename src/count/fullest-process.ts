import { limitShare } from '../model/container/limits.ts';
import type { DescriptorUse } from '../model/report/overview.ts';
import type { ProcessSample } from '../model/sample/sample.ts';

/** The process that is closest to its own soft limit of open files; undefined where there is no process. */
export function fullest(processes: readonly ProcessSample[]): DescriptorUse | undefined {
  let best: ProcessSample | undefined;
  const share = ({ used, softLimit }: ProcessSample) => limitShare(used, softLimit) ?? 0;
  for (const process of processes) if (best === undefined || share(process) > share(best)) best = process;
  if (best === undefined) return undefined;
  const { pid, used, softLimit, hardLimit } = best;
  return { pid, used, softLimit, hardLimit };
}
