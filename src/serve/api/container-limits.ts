import type { LimitsReport } from '../../model/report/limits-report.ts';
import { limitOrigin } from '../../platform/limit-origin.ts';
import type { ContainerAnswer, ContainerLimit } from '../protocol/container.ts';

/** What the document of `limits` has of the main process, and of all processes together; who set each. */
export function containerLimits(
  report: Pick<LimitsReport, 'groups' | 'pids' | 'declaredBy' | 'related' | 'fixes' | 'remarks'>,
): NonNullable<ContainerAnswer['limits']> {
  const { groups, fixes, remarks } = report;
  const limits = (groups[0]?.limits ?? []).map((row): ContainerLimit => {
    const { name, title, used, soft, hard, declared } = row;
    return {
      ...{ name, title, soft, hard, setBy: limitOrigin(row, report) },
      ...(used !== undefined && { used }),
      ...(declared !== undefined && { declared }),
    };
  });
  return { limits: [...limits, ...pidsLimit(report)], fixes, remarks };
}

function pidsLimit({ pids }: Pick<LimitsReport, 'pids'>): ContainerLimit[] {
  if (pids === undefined) return [];
  const { current, max, declared, version } = pids;
  const controller = version === 2 ? 'pids.max of its cgroup' : 'pids.max of its cgroup (version 1)';
  const setBy = max === null ? 'not set' : declared === max ? `the container (${controller})` : controller;
  return [{ name: 'pids', title: 'processes and threads', used: current, soft: max, hard: max, setBy }];
}
