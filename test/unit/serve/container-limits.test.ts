import { expect, test } from 'vitest';
import type { LimitRow, LimitsReport } from '../../../src/model/report/limits-report.ts';
import { containerLimits } from '../../../src/serve/api/container-limits.ts';

const nofile: LimitRow = { name: 'nofile', title: 'open files', flag: '-n', unit: 'descriptors', soft: 64, hard: 128 };
const core: LimitRow = { name: 'core', title: 'core file size', flag: '-c', unit: 'bytes', soft: 0, hard: null };
const SHIM = { role: 'shim', pid: 9, name: 'containerd-shim-runc-v2', soft: 64, hard: 128 };
const FIRST = { role: 'PID 1', pid: 1, name: 'systemd', soft: 64, hard: 128 };

function setBy(row: LimitRow, more: Partial<LimitsReport> = {}): string[] {
  const report = { groups: [{ main: true, pids: [1], limits: [row] }], related: [], fixes: [], remarks: [], ...more };
  return containerLimits(report).limits.map((limit) => limit.setBy);
}

test('who set a limit: what was declared, what changed it, and who passed it on', () => {
  const declaredBy = 'the Engine (HostConfig.Ulimits)';
  expect(setBy({ ...nofile, declared: { soft: 64, hard: 128 } }, { declaredBy })).toEqual([declaredBy]);
  expect(setBy({ ...nofile, declared: { soft: 32, hard: null } }, { declaredBy })).toEqual([
    `changed since it started: 32:unlimited by ${declaredBy}`,
  ]);
  expect(setBy(nofile, { related: [FIRST, SHIM] })).toEqual(['inherited from containerd-shim-runc-v2']);
  expect(setBy(nofile, { related: [FIRST, { ...SHIM, soft: 65 }] })).toEqual(['inherited']);
  expect(setBy(nofile, { related: [FIRST] })).toEqual(['inherited']);
  // Of the shim only the limit of open files is known.
  expect(setBy(core, { related: [SHIM] })).toEqual(['inherited']);
});

test('processes and threads of the cgroup', () => {
  const pids = { path: '/x', version: 2, current: 19, max: 4915 } as const;
  const of = (more: Partial<NonNullable<LimitsReport['pids']>>) =>
    containerLimits({ groups: [], related: [], fixes: [], remarks: [], pids: { ...pids, ...more } }).limits;
  const row = { name: 'pids', title: 'processes and threads', used: 19, soft: 4915, hard: 4915 };
  expect(of({})).toEqual([{ ...row, setBy: 'pids.max of its cgroup' }]);
  expect(of({ declared: 4915 })).toEqual([{ ...row, setBy: 'the container (pids.max of its cgroup)' }]);
  expect(of({ max: null })).toEqual([{ ...row, soft: null, hard: null, setBy: 'not set' }]);
});
