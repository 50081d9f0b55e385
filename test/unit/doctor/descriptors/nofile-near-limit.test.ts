import { describe, expect, test } from 'vitest';
import { nofileNearLimit } from '../../../../src/doctor/rules/descriptors/nofile-near-limit.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { processSample } from '../../../support/process-sample.ts';
import { container, judge, START_MS, series, spaceSeries, tcpSocket, tcpSockets } from '../../../support/series.ts';

const held = { process: { pid: 4242, name: 'node' }, container: 'web' };

/** One look at a process with so many of 1024 descriptors open. */
function used(count: number, softLimit: number | null = 1024) {
  return series([spaceSeries([{ processes: [processSample({ used: count, softLimit })] }])]);
}

/** A look a minute. */
function overMinutes(counts: readonly number[]) {
  const samples = counts.map((count, minute) => ({
    atMs: START_MS + minute * 60_000,
    processes: [processSample({ used: count })],
  }));
  return series([spaceSeries(samples)]);
}

describe('now', () => {
  test.each([
    [819, []],
    [820, ['warning']],
    [972, ['warning']],
    [973, ['critical']],
    [1024, ['critical']],
  ])('%i of 1024', (count, severities) => {
    expect(judge(nofileNearLimit, used(count)).map(({ severity }) => severity)).toEqual(severities);
  });

  test('fewer than 32 left are critical, whatever their share', () => {
    expect(judge(nofileNearLimit, used(33, 64))).toMatchObject([{ severity: 'critical' }]);
    expect(judge(nofileNearLimit, used(32, 64))).toEqual([]);
  });

  test('a process without a limit is not near it', () => {
    expect(judge(nofileNearLimit, used(100_000, null))).toEqual([]);
  });

  test('says of which process, which numbers, and what it holds most of', () => {
    const sockets = tcpSockets(600, held);
    const seen = series([spaceSeries([{ processes: [processSample({ used: 900 })], sockets }])]);
    expect(judge(nofileNearLimit, seen)).toMatchObject([
      {
        scope: { kind: 'process', target: 'web', container: 'web', pid: 4242 },
        summary: 'node (4242) has 900 of 1024 open files (88 %)',
        about: 'peer 10.0.0.3:3306',
      },
    ]);
  });

  test("what a server holds most of is its port's connections", () => {
    const listener = tcpSocket({ local: '0.0.0.0:8080', peer: '0.0.0.0:0', state: TCP_STATE.LISTEN, ...held });
    const clients = Array.from({ length: 800 }, (_, index) =>
      tcpSocket({ local: '10.0.0.2:8080', peer: `10.0.0.9:${40_000 + index}`, ...held }),
    );
    const seen = series([
      spaceSeries([{ processes: [processSample({ used: 900 })], sockets: [listener, ...clients] }]),
    ]);
    expect(judge(nofileNearLimit, seen)).toMatchObject([{ about: 'port 8080' }]);
  });

  test('names the ulimits block of the task definition for a container of ECS', () => {
    const ecs = container({
      labels: {
        'com.amazonaws.ecs.task-definition-family': 'webhook',
        'com.amazonaws.ecs.task-definition-version': '7',
        'com.amazonaws.ecs.container-name': 'receiver',
      },
    });
    const processes = [processSample({ used: 1000 })];
    const [finding] = judge(nofileNearLimit, series([spaceSeries([{ processes }], { containers: [ecs] })]));
    expect(finding?.fixes[0]?.where).toContain('task definition webhook');
    expect(JSON.parse(`{${finding?.fixes[0]?.snippet}}`)).toEqual({
      ulimits: [{ name: 'nofile', softLimit: 16384, hardLimit: 16384 }],
    });
  });
});

describe('forecast', () => {
  test('40 more a minute reach the limit within half an hour', () => {
    const [finding, ...more] = judge(nofileNearLimit, overMinutes([100, 140, 180, 220, 260, 300]));
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'medium' });
    expect(finding?.summary).toContain('reaches the limit in about 18 min');
    expect(finding?.evidence).toContainEqual(expect.objectContaining({ what: 'growth', value: 40 }));
    expect(finding?.evidence).toContainEqual(expect.objectContaining({ what: 'time left at this pace', value: 1086 }));
  });

  test('so little more that it takes longer than half an hour', () => {
    expect(judge(nofileNearLimit, overMinutes([100, 110, 120, 130, 140, 150]))).toEqual([]);
  });

  test('not enough looks: growth over less than the window is not continued', () => {
    expect(judge(nofileNearLimit, overMinutes([100, 200, 300, 400]))).toEqual([]);
  });

  test('look-alike: a pool that grew up to its cap and stays there', () => {
    expect(judge(nofileNearLimit, overMinutes([100, 300, 400, 400, 400, 400]))).toEqual([]);
  });

  test('a PID that was given again is another process', () => {
    const samples = [0, 1, 2, 3, 4, 5].map((minute) => ({
      atMs: START_MS + minute * 60_000,
      processes: [processSample({ startTicks: minute, used: 100 + minute * 40 })],
    }));
    expect(judge(nofileNearLimit, series([spaceSeries(samples)]))).toEqual([]);
  });
});

test("look-alike: the host's own table of files is full (ENFILE), not the process's", () => {
  const host = [{ atMs: START_MS, filesUsed: 1000, filesMax: 1000 }];
  const seen = series([spaceSeries([{ processes: [processSample({ used: 50 })] }])], { host });
  expect(judge(nofileNearLimit, seen)).toEqual([]);
});

test('look-alike: inotify says EMFILE for a limit of its own', () => {
  const processes = [processSample({ used: 140, kinds: { byKind: { inotify: 128 } } })];
  expect(judge(nofileNearLimit, series([spaceSeries([{ processes }])]))).toEqual([]);
});
