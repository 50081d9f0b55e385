import { expect, test } from 'vitest';
import { fdLeakByType } from '../../../../src/doctor/rules/descriptors/fd-leak-by-type.ts';
import { processSample } from '../../../support/process-sample.ts';
import { judge, START_MS, series, spaceSeries, tcpSockets } from '../../../support/series.ts';

const MINUTE = 60_000;

/** A look every two minutes: pipes, and the accepted connections so far. */
function pipes(counts: readonly number[], accepted: (minute: number) => number = (minute) => minute * 100) {
  const samples = counts.map((pipe, index) => ({
    atMs: START_MS + index * 2 * MINUTE,
    counters: { TcpPassiveOpens: accepted(index * 2) },
    processes: [processSample({ used: pipe + 50, kinds: { byKind: { pipe, file: 9 } } })],
  }));
  return series([spaceSeries(samples)]);
}

test('ten minutes of more and more pipes under the same load', () => {
  expect(judge(fdLeakByType, pipes([100, 120, 140, 160, 180, 200]))).toMatchObject([
    {
      severity: 'warning',
      confidence: 'high',
      scope: { kind: 'process', pid: 4242 },
      summary: 'node (4242) holds 100 more pipes than 10 min ago (100 to 200), without more load',
    },
  ]);
});

test.each([
  ['49 more', [100, 110, 120, 130, 140, 149]],
  ['less than a fifth more', [1000, 1030, 1060, 1090, 1120, 1199]],
  ['not at every look', [100, 120, 120, 140, 160, 200]],
  ['look-alike: warm-up', [100, 300, 350, 350, 350, 350]],
  ['look-alike: a pool that grows up to its cap', [10, 30, 50, 70, 90, 90]],
  ['not enough looks', [100, 120, 140, 160, 200]],
])('quiet: %s', (_, counts) => {
  expect(judge(fdLeakByType, pipes(counts))).toEqual([]);
});

test('50 more and a fifth is enough', () => {
  expect(judge(fdLeakByType, pipes([100, 110, 120, 130, 140, 150]))).toHaveLength(1);
});

test('quiet while the load rises as well', () => {
  expect(
    judge(
      fdLeakByType,
      pipes([100, 120, 140, 160, 180, 200], (minute) => minute ** 2),
    ),
  ).toEqual([]);
});

test('less sure where nothing tells of the load', () => {
  expect(
    judge(
      fdLeakByType,
      pipes([100, 120, 140, 160, 180, 200], () => 0),
    ),
  ).toMatchObject([{ confidence: 'medium' }]);
});

test('looks every second are taken evenly over the window', () => {
  const samples = Array.from({ length: 601 }, (_, second) => ({
    processes: [processSample({ kinds: { byKind: { eventpoll: Math.floor(second / 10) } } })],
  }));
  expect(
    judge(
      fdLeakByType,
      series([spaceSeries(samples.map((sample, second) => ({ atMs: START_MS + second * 1000, ...sample })))]),
    ),
  ).toMatchObject([{ evidence: [{ value: '0 12 24 36 48 60' }, {}, {}, {}] }]);
});

test('leaking TCP sockets are told with their peer', () => {
  const samples = [20, 40, 60, 80, 100, 120].map((tcp, index) => ({
    atMs: START_MS + index * 2 * MINUTE,
    processes: [processSample({ used: tcp + 50, kinds: { byKind: { tcp } } })],
    sockets: tcpSockets(tcp, { process: { pid: 4242, name: 'node' }, container: 'web' }),
  }));
  expect(judge(fdLeakByType, series([spaceSeries(samples)]))).toMatchObject([{ about: 'peer 10.0.0.3:3306' }]);
});

test('needs its window', () => {
  expect(fdLeakByType.needsMs({ windowMs: 600_000 })).toBe(600_000);
});
