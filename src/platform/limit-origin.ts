import { limitText } from '../model/container/limits.ts';
import type { LimitRow, LimitsReport } from '../model/report/limits-report.ts';

/** Where a limit comes from, beside the limit itself. */
type Origins = Partial<Pick<LimitsReport, 'declaredBy' | 'related'>>;

/**
 * Where a limit of a process comes from: `the Engine (HostConfig.Ulimits)`, `changed since it started: 1024:4096 by …`,
 * `inherited from containerd-shim-runc-v2`; `inherited` where the process that passed it on is not known.
 */
export function limitOrigin(
  { name, soft, hard, declared }: Pick<LimitRow, 'name' | 'soft' | 'hard' | 'declared'>,
  { declaredBy, related = [] }: Origins,
): string {
  if (declared !== undefined && declaredBy !== undefined) {
    const isDeclared = soft === declared.soft && hard === declared.hard;
    return isDeclared ? declaredBy : `changed since it started: ${limitText(declared)} by ${declaredBy}`;
  }
  // Of other processes only the limit of open files is known.
  const parent = name === 'nofile' ? related.find(({ role }) => PARENTS.includes(role)) : undefined;
  const isSame = parent !== undefined && parent.soft === soft && parent.hard === hard;
  return isSame ? `inherited from ${parent.name}` : 'inherited';
}

/** Roles of the programs that start the main process of a container, and pass their limits on. */
const PARENTS = ['shim', 'monitor'];
