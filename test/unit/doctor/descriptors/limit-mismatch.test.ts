import { describe, expect, test } from 'vitest';
import { limitMismatch } from '../../../../src/doctor/rules/descriptors/limit-mismatch.ts';
import type { WatchedContainer } from '../../../../src/model/netns/netns.ts';
import type { ProcessSample } from '../../../../src/model/sample/sample.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { processSample } from '../../../support/process-sample.ts';
import { container, judge, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

/** A container whose declared limit of open files is this. */
function declaring(soft: number, hard: number, labels: WatchedContainer['labels'] = {}): WatchedContainer {
  return container({ labels, declared: { limits: [{ name: 'nofile', soft, hard }], sysctls: {}, published: [] } });
}

function judged(parts: Partial<ProcessSample>, around = container(), listens = false) {
  const process = processSample(parts);
  const listener = tcpSocket({ state: TCP_STATE.LISTEN, peer: '0.0.0.0:0', process, container: 'web' });
  const sample = { processes: [process], sockets: listens ? [listener] : [] };
  return judge(limitMismatch, series([spaceSeries([sample], { containers: [around] })]));
}

describe('a low soft limit', () => {
  test.each([
    [307, 1024, []],
    [308, 1024, ['warning']],
    [900, 1025, []],
  ])('%i of %i in use', (used, softLimit, severities) => {
    expect(judged({ used, softLimit }).map(({ severity }) => severity)).toEqual(severities);
  });

  test('under a listener that uses little of it is information', () => {
    expect(judged({ used: 20 }, container(), true)).toMatchObject([{ severity: 'info' }]);
  });

  test('says how the program may raise it, and the durable way', () => {
    const [finding] = judged({ name: 'python3', used: 600 });
    expect(finding?.summary).toBe(
      'python3 (4242): its soft limit is 1024 open files (hard 4096), and 600 are in use (59 %)',
    );
    expect(finding?.fixes.map(({ where }) => where)).toEqual([
      'docker run',
      '/etc/docker/daemon.json',
      'the running processes',
      'the application',
    ]);
    expect(finding?.fixes[0]?.snippet).toContain('--ulimit nofile=16384:16384');
  });

  test('the ulimits block for a container of ECS', () => {
    const labels = { 'com.amazonaws.ecs.task-definition-family': 'webhook' };
    const [finding] = judged({ used: 600 }, declaring(1024, 4096, labels));
    expect(finding?.fixes[0]?.snippet).toBe(
      '"ulimits": [\n  {"name": "nofile", "softLimit": 16384, "hardLimit": 16384}\n]',
    );
  });
});

describe('another limit than declared', () => {
  test.each([
    ['less', 1024, 4096, ['warning']],
    ['the soft one less', 1024, 65_535, ['warning']],
    ['more', 200_000, 200_000, ['warning']],
    ['the same', 65_535, 65_535, []],
  ])('%s', (_, softLimit, hardLimit, severities) => {
    expect(judged({ softLimit, hardLimit }, declaring(65_535, 65_535)).map(({ severity }) => severity)).toEqual(
      severities,
    );
  });

  test('look-alike: Go raises the soft limit to one less than the hard one', () => {
    expect(judged({ softLimit: 4095, hardLimit: 4096 }, declaring(1024, 4096))).toEqual([]);
  });

  test('look-alike: Node.js raises it to 2^20 at most', () => {
    expect(judged({ softLimit: 1_048_576, hardLimit: 2_000_000 }, declaring(1024, 2_000_000))).toEqual([]);
  });

  test('look-alike: nginx sets both as worker_rlimit_nofile says', () => {
    expect(judged({ name: 'nginx', softLimit: 2048, hardLimit: 2048 }, declaring(1024, 4096))).toEqual([]);
  });

  test('says both pairs', () => {
    const [finding] = judged({ softLimit: 1024, hardLimit: 4096 }, declaring(65_535, 65_535));
    expect(finding?.summary).toContain('its limit of open files is 1024:4096, declared is 65535:65535');
  });

  test('processes that are alike are one finding', () => {
    const processes = [1, 2, 3].map((pid) => processSample({ pid, used: pid }));
    const containers = [declaring(65_535, 65_535)];
    expect(judge(limitMismatch, series([spaceSeries([{ processes }], { containers })]))).toMatchObject([
      { scope: { kind: 'container', name: 'web' }, summary: expect.stringContaining('and 2 processes like it') },
    ]);
  });
});

test.each([
  [10_000_000, []],
  [10_000_001, ['info']],
  [null, ['info']],
])('a hard limit of %s', (hardLimit, severities) => {
  expect(judged({ softLimit: 65_536, hardLimit }).map(({ severity }) => severity)).toEqual(severities);
});

test("look-alike: the host's own daemons with today's default", () => {
  const process = { pid: 1, name: 'sshd', startTicks: 1, used: 8, softLimit: 1024, hardLimit: 524_288 };
  const sockets = [tcpSocket({ state: TCP_STATE.LISTEN, peer: '0.0.0.0:0', process })];
  const namespace = spaceSeries([{ processes: [process], sockets }], { host: true, name: 'host', containers: [] });
  expect(judge(limitMismatch, series([namespace]))).toEqual([]);
});

test('what starts containers is told once for all that are alike', () => {
  const seen = series([spaceSeries([{ processes: [processSample({ used: 600 })] }], { containers: [container()] })]);
  const shim = (pid: number, softLimit = 1024) => ({ pid, name: 'containerd-shim', softLimit, hardLimit: 4096 });
  const [finding] = judge(limitMismatch, { ...seen, runtimeProcesses: [shim(10), shim(11), shim(12, 2048), shim(13)] });
  expect(finding?.evidence.filter(({ what }) => what.includes('shim'))).toMatchObject([
    { what: 'limit of containerd-shim (10 and 2 more) on the host', value: '1024:4096' },
    { what: 'limit of containerd-shim (12) on the host', value: '2048:4096' },
  ]);
});
