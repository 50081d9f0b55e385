import { finiteLimit, LIMITS, type Limit, type LimitsByName, limitPercent } from '../model/container/limits.ts';
import type { LimitGroup, LimitRow } from '../model/report/limits-report.ts';

/** A process with its limits. */
export interface LimitedProcess {
  pid: number;
  realUid: number;
  limits: LimitsByName;
  /** Open descriptors; undefined where they cannot be read. */
  used: number | undefined;
}

/**
 * Groups processes with equal limits: the group of the main process first, the others by size.
 *
 * @param processes the main process first
 * @param declared limits that were declared for the container, by name
 * @param tasksByUser number of tasks by real uid, which `nproc` limits
 */
export function groupLimits(
  processes: readonly LimitedProcess[],
  declared: LimitsByName,
  tasksByUser: ReadonlyMap<number, number>,
): LimitGroup[] {
  const groups = Map.groupBy(processes, ({ limits }) =>
    LIMITS.map(({ name }) => `${limits[name]?.soft}:${limits[name]?.hard}`).join(' '),
  );
  const main = processes[0]?.pid;
  const all = [...groups.values()].map((members) => ({
    main: members.some(({ pid }) => pid === main),
    pids: members.map(({ pid }) => pid).sort((a, b) => a - b),
    limits: rows(members, declared, tasksByUser),
  }));
  return all.sort((a, b) => Number(b.main) - Number(a.main) || b.pids.length - a.pids.length);
}

function rows(
  members: readonly LimitedProcess[],
  declared: LimitsByName,
  tasksByUser: ReadonlyMap<number, number>,
): LimitRow[] {
  const limits = members[0]?.limits ?? {};
  return LIMITS.flatMap(({ name, title, flag, unit }): LimitRow[] => {
    const limit = limits[name];
    if (limit === undefined) return [];
    const declaration = declared[name];
    return [
      {
        name,
        title,
        flag,
        unit,
        ...finite(limit),
        ...(declaration !== undefined && { declared: finite(declaration) }),
        ...use(name, limit, members, tasksByUser),
      },
    ];
  });
}

function finite({ soft, hard }: Limit) {
  return { soft: finiteLimit(soft), hard: finiteLimit(hard) };
}

function use(
  name: string,
  { soft }: Limit,
  members: readonly LimitedProcess[],
  tasksByUser: ReadonlyMap<number, number>,
): Pick<LimitRow, 'used' | 'sharePercent'> {
  const numbers = members.map(({ used, realUid }) => {
    if (name === 'nofile') return used;
    return name === 'nproc' ? tasksByUser.get(realUid) : undefined;
  });
  const known = numbers.filter((number) => number !== undefined);
  if (known.length === 0) return {};
  const used = Math.max(...known);
  const share = limitPercent(used, soft);
  return { used, ...(share !== undefined && { sharePercent: share }) };
}
