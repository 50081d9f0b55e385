import { expect, test } from 'vitest';
import { renderLimitsTable } from '../../../../src/commands/limits/limits-table.ts';
import type { LimitsReport } from '../../../../src/model/report/limits-report.ts';
import { ByteWriter } from '../../../../src/render/byte-writer.ts';

const PROGRAM = { name: 'x', raisesSoftLimit: undefined, how: undefined };

/** @param uses descriptors of each process against a limit of 100; undefined where they cannot be read */
function report(name: string, uses: readonly (number | undefined)[], more: Partial<LimitsReport> = {}): LimitsReport {
  const processes = uses.map((used, index) => ({
    pid: index + 1,
    name: 'nginx',
    threads: 1,
    program: PROGRAM,
    ...(used !== undefined && { descriptors: { used, softLimit: 100, sharePercent: used } }),
  }));
  const nofile = { name: 'nofile', title: 'open files', flag: '-n', unit: 'descriptors', soft: 100, hard: 200 };
  return {
    target: { name, runtime: 'docker', netns: 1 },
    takenAt: new Date(0),
    coverage: { complete: true, notes: [] },
    platform: { kind: 'docker', name, hostNetwork: false },
    mainPid: 1,
    groups: [{ main: true, pids: processes.map(({ pid }) => pid), limits: [nofile] }],
    processes,
    related: [],
    remarks: [],
    fixes: [{ where: 'here', text: `raise it for ${name}` }],
    ...more,
  };
}

function text(reports: readonly LimitsReport[], fix = false): string[] {
  const out = new ByteWriter();
  renderLimitsTable(out, reports, { columns: undefined, fix });
  return Buffer.from(out.bytes()).toString().split('\n');
}

test('the fullest process of each container, and every one near its limit; the fullest first', () => {
  const lines = text([report('calm', [10, 3]), report('busy', [85, 92, 7]), report('secret', [undefined])]);
  expect(lines.slice(0, 5).map((line) => line.split(/ {2,}/))).toEqual([
    ['Container', 'Process', 'Limit', 'Use', 'Share', 'Origin'],
    ['busy', '2/nginx', 'open files', '92/100', '92%', 'inherited'],
    ['busy', '1/nginx', 'open files', '85/100', '85%', 'inherited'],
    ['calm', '1/nginx', 'open files', '10/100', '10%', 'inherited'],
    ['secret', '1/nginx', 'open files', '?', '-', 'inherited'],
  ]);
});

test('the fix only where a limit is near, or with --fix', () => {
  const reports = [report('calm', [79]), report('busy', [80])];
  const fixes = (lines: readonly string[]) => lines.filter((line) => line.includes('raise it for'));
  expect(fixes(text(reports))).toEqual(['  here: raise it for busy']);
  expect(fixes(text(reports, true))).toEqual(['  here: raise it for calm', '  here: raise it for busy']);
});

test('tasks near the pids limit have a row', () => {
  const pids = { path: '/x', version: 2, current: 95, max: 100, sharePercent: 95 } as const;
  const lines = text([report('forks', [1], { pids })]);
  expect(lines[1]?.split(/ {2,}/)).toEqual(['forks', '-', 'tasks', '95/100', '95%', 'pids controller, version 2']);
});

test('a limit that was declared, and one that was changed since', () => {
  const declaring = (soft: number) => {
    const base = report('web', [5], { declaredBy: 'the Engine' });
    const groups = base.groups.map((group) => ({
      ...group,
      limits: group.limits.map((row) => ({ ...row, declared: { soft, hard: 200 } })),
    }));
    return text([{ ...base, groups }])[1]
      ?.split(/ {2,}/)
      .at(-1);
  };
  expect(declaring(100)).toBe('the Engine');
  expect(declaring(50)).toBe('changed since it started: 50:200 by the Engine');
});
