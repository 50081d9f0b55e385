import { expect, test } from 'vitest';
import { pidsLimit } from '../../../../src/doctor/rules/descriptors/pids-limit.ts';
import type { PidsUse } from '../../../../src/model/sample/sample.ts';
import { container, judge, series, spaceSeries } from '../../../support/series.ts';

function looks(uses: readonly Partial<PidsUse>[], labels: Record<string, string> = {}) {
  const samples = uses.map((use) => ({ pids: [{ container: 'web', current: 5, max: 100, ...use }] }));
  return series([spaceSeries(samples, { containers: [container({ labels })] })]);
}

test.each([
  [79, []],
  [80, ['warning']],
  [100, ['warning']],
])('%i of 100', (current, severities) => {
  expect(judge(pidsLimit, looks([{ current }])).map(({ severity }) => severity)).toEqual(severities);
});

test('a limit of 0, which processes that were there before outlive, is used up', () => {
  expect(judge(pidsLimit, looks([{ current: 5, max: 0 }]))).toMatchObject([
    { summary: '5 of 0 processes and threads are in use (100 %)' },
  ]);
});

test('a fork that was refused meanwhile is critical, however few there are now', () => {
  expect(judge(pidsLimit, looks([{ refused: 3 }, { refused: 5 }]))).toMatchObject([
    {
      severity: 'critical',
      scope: { kind: 'container', name: 'web' },
      summary: 'the limit of 100 processes and threads refused 2 forks during the run',
    },
  ]);
});

test('refused long ago is not refused now', () => {
  expect(judge(pidsLimit, looks([{ refused: 3 }, { refused: 3 }]))).toEqual([]);
  expect(judge(pidsLimit, looks([{ refused: 3 }]))).toEqual([]);
});

test('look-alike: many processes without a limit of the cgroup', () => {
  const samples = [{ pids: [{ container: 'web', current: 30_000 }] }];
  expect(judge(pidsLimit, series([spaceSeries(samples)]))).toEqual([]);
});

test('the fix is the one of the platform', () => {
  const [plain] = judge(pidsLimit, looks([{ current: 90 }]));
  expect(plain?.fixes[0]?.snippet).toBe('docker update --pids-limit 256 web');
  const [ecs] = judge(pidsLimit, looks([{ current: 90 }], { 'com.amazonaws.ecs.task-definition-family': 'webhook' }));
  expect(ecs?.fixes[0]?.snippet).toBe('ECS_TASK_PIDS_LIMIT=256');
});
