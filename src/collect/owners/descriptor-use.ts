import { finiteLimit, limitShare } from '../../model/container/limits.ts';
import type { DescriptorUse } from '../../model/report/overview.ts';
import { countDescriptors } from '../../procfs/descriptors.ts';
import { readNofileLimit } from '../../procfs/limits.ts';
import type { Machine } from '../machine.ts';

/**
 * The process with the largest share of its own soft limit of open files in use.
 *
 * @returns undefined when none of the processes can be read
 */
export function fullestProcess(machine: Machine, pids: Iterable<number>): DescriptorUse | undefined {
  let fullest: DescriptorUse | undefined;
  let highestShare = -1;
  for (const pid of pids) {
    const used = countDescriptors(pid, machine.proc);
    if (used === undefined) continue;
    const limit = readNofileLimit(pid, machine.proc);
    if (limit === undefined) continue;
    const usedShare = limitShare(used, limit.soft) ?? 0;
    if (usedShare <= highestShare) continue;
    highestShare = usedShare;
    fullest = { pid, used, softLimit: finiteLimit(limit.soft), hardLimit: finiteLimit(limit.hard) };
  }
  return fullest;
}
