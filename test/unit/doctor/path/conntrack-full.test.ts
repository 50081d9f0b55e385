import { expect, test } from 'vitest';
import { conntrackFull } from '../../../../src/doctor/rules/path/conntrack-full.ts';
import type { HostSample } from '../../../../src/model/sample/sample.ts';
import { judge, START_MS, series } from '../../../support/series.ts';

function host(...samples: Partial<HostSample>[]) {
  const base = {
    conntrackCount: 1000,
    conntrackMax: 65_536,
    conntrackDrop: 0,
    conntrackEarlyDrop: 0,
    conntrackInsertFailed: 0,
  };
  return series([], {
    host: samples.map((sample, second) => ({ atMs: START_MS + second * 1000, ...base, ...sample })),
  });
}

test.each([
  [52_428, []],
  [52_429, ['warning']],
  [62_259, ['warning']],
  [62_260, ['critical']],
  [65_536, ['critical']],
])('%i of 65,536 entries', (conntrackCount, severities) => {
  expect(judge(conntrackFull, host({ conntrackCount })).map(({ severity }) => severity)).toEqual(severities);
});

test('packets dropped during the run are critical', () => {
  expect(judge(conntrackFull, host({ conntrackDrop: 5 }, { conntrackDrop: 8 }))).toMatchObject([
    {
      severity: 'critical',
      scope: { kind: 'host' },
      summary: 'the host tracks 1000 of 65536 connections (1.5 %), and dropped 3 packets because the table was full',
    },
  ]);
  expect(judge(conntrackFull, host({ conntrackEarlyDrop: 5 }, { conntrackEarlyDrop: 6 }))).toHaveLength(1);
});

test('drops of long ago are not drops of now', () => {
  expect(judge(conntrackFull, host({ conntrackDrop: 90 }, { conntrackDrop: 90 }))).toEqual([]);
  expect(judge(conntrackFull, host({ conntrackDrop: 90 }))).toEqual([]);
});

test('look-alike: clashes of SNAT ports, while the table has room', () => {
  const clashes = host({}, { conntrackInsertFailed: 40, conntrackDrop: 40 });
  expect(judge(conntrackFull, clashes)).toEqual([]);
  expect(judge(conntrackFull, host({}, { conntrackInsertFailed: 40 }))).toEqual([]);
});

test('quiet where the machine tracks nothing', () => {
  expect(judge(conntrackFull, series([], { host: [{ atMs: START_MS }] }))).toEqual([]);
});
