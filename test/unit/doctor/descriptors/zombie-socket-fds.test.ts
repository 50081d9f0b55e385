import { expect, test } from 'vitest';
import { zombieSocketFds } from '../../../../src/doctor/rules/descriptors/zombie-socket-fds.ts';
import { processSample } from '../../../support/process-sample.ts';
import { judge, series, spaceSeries } from '../../../support/series.ts';

/** One scan for each count of sockets that no table shows, of 100 descriptors. */
function scans(counts: readonly number[], used = 100) {
  const samples = counts.map((zombie) => ({
    processes: [processSample({ used, kinds: { byKind: { zombie, tcp: 5 } } })],
  }));
  return series([spaceSeries(samples)]);
}

test('thirty in two scans are a warning', () => {
  expect(judge(zombieSocketFds, scans([30, 30]))).toMatchObject([
    {
      severity: 'warning',
      scope: { kind: 'process', pid: 4242 },
      summary: expect.stringContaining('node (4242) holds 30 sockets that no table shows (30 % of its descriptors)'),
    },
  ]);
});

test('the peers that they had are evidence', () => {
  const dead = [
    { peer: '10.0.0.1', port: 5432, count: 17, fd: 9 },
    { peer: 'fd00::1', port: 80, count: 8, fd: 3 },
    { peer: '10.0.0.2', count: 3, fd: 70 },
    { count: 2, fd: 11 },
  ];
  const processes = [processSample({ used: 100, kinds: { byKind: { zombie: 30 }, dead } })];
  const [finding] = judge(zombieSocketFds, series([spaceSeries([{ processes }, { processes }])]));
  expect(finding?.evidence.slice(1, 5).map(({ what, value, source }) => [what, value, source])).toEqual([
    ['of these, whose peer was 10.0.0.1:5432', 17, 'eBPF task_file, such as descriptor 9'],
    ['of these, whose peer was [fd00::1]:80', 8, 'eBPF task_file, such as descriptor 3'],
    ['of these, whose peer was 10.0.0.2', 3, 'eBPF task_file, such as descriptor 70'],
    ['of these, without a peer', 2, 'eBPF task_file, such as descriptor 11'],
  ]);
});

test('more of them at each scan are critical', () => {
  expect(judge(zombieSocketFds, scans([30, 45, 60]))).toMatchObject([{ severity: 'critical' }]);
});

test('one more or less is no growth', () => {
  expect(judge(zombieSocketFds, scans([30, 31, 30, 31]))).toMatchObject([{ severity: 'warning' }]);
});

test.each([
  ['one scan', [30], 100],
  ['twenty', [20, 20], 100],
  ['five in a hundred', [50, 50], 1000],
  ['look-alike: sockets that were just made, gone at the next scan', [40, 3], 100],
])('quiet: %s', (_, counts, used) => {
  expect(judge(zombieSocketFds, scans(counts, used))).toEqual([]);
});

test('twenty-one are enough', () => {
  expect(judge(zombieSocketFds, scans([21, 21]))).toHaveLength(1);
});

test('look-alike: sockets of a family without a table are counted as other sockets', () => {
  const processes = [processSample({ kinds: { byKind: { otherSocket: 80 } } })];
  expect(judge(zombieSocketFds, series([spaceSeries([{ processes }, { processes }])]))).toEqual([]);
});

test('quiet where nobody looked so closely', () => {
  const processes = [processSample()];
  expect(judge(zombieSocketFds, series([spaceSeries([{ processes }, { processes }])]))).toEqual([]);
});
