import { expect, test } from 'vitest';
import { zombieSocketFds } from '../../../../src/doctor/rules/descriptors/zombie-socket-fds.ts';
import { processSample } from '../../../support/process-sample.ts';
import { judge, series, spaceSeries, tcpSockets } from '../../../support/series.ts';

/** One scan for each count of sockets that no table shows, of 100 descriptors. */
function scans(counts: readonly number[], tcp = 5, used = 1000) {
  const samples = counts.map((zombie) => ({
    processes: [processSample({ used, kinds: { byKind: { zombie, tcp } } })],
  }));
  return series([spaceSeries(samples)]);
}

test('thirty in two scans are a warning', () => {
  expect(judge(zombieSocketFds, scans([30, 30]))).toMatchObject([
    {
      severity: 'warning',
      scope: { kind: 'process', pid: 4242 },
      summary: expect.stringContaining('node (4242) holds 30 sockets that no table shows (86 % of its sockets)'),
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
  ['one scan', [30], 5],
  ['four', [4, 4], 5],
  ['five of a hundred sockets', [5, 5], 95],
  ['look-alike: sockets that were just made, gone at the next scan', [40, 3], 5],
])('quiet: %s', (_, counts, tcp) => {
  expect(judge(zombieSocketFds, scans(counts, tcp))).toEqual([]);
});

test('a stock pool of five, whatever other descriptors the process has', () => {
  expect(judge(zombieSocketFds, scans([5, 5]))).toHaveLength(1);
});

test('five dead ones of one peer among many clients: all that the pool has', () => {
  const dead = [{ peer: '10.0.0.3', port: 3306, count: 5, fd: 9 }];
  const processes = [processSample({ kinds: { byKind: { zombie: 5, tcp: 200 }, dead } })];
  const seen = (alive: number) => {
    const sockets = tcpSockets(alive, { process: { pid: 4242, name: 'node' } });
    return series([
      spaceSeries([
        { processes, sockets },
        { processes, sockets },
      ]),
    ]);
  };
  expect(judge(zombieSocketFds, seen(0))).toMatchObject([
    { summary: expect.stringContaining('10.0.0.3:3306 ended connections that its pool still holds') },
  ]);
  expect(judge(zombieSocketFds, seen(6))).toEqual([]);
});

test('look-alike: sockets of a family without a table are counted as other sockets', () => {
  const processes = [processSample({ kinds: { byKind: { otherSocket: 80 } } })];
  expect(judge(zombieSocketFds, series([spaceSeries([{ processes }, { processes }])]))).toEqual([]);
});

test('quiet where nobody looked so closely', () => {
  const processes = [processSample()];
  expect(judge(zombieSocketFds, series([spaceSeries([{ processes }, { processes }])]))).toEqual([]);
});
