import { expect, test } from 'vitest';
import { nofileAcceptStarved } from '../../../../src/doctor/rules/descriptors/nofile-accept-starved.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { processSample } from '../../../support/process-sample.ts';
import { judge, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const server = { process: { pid: 4242, name: 'node' }, container: 'web' };

/** Looks at a process with a limit of 64, and at the accept queue of its listener. */
function looks(seen: readonly { used: number; queue: number }[], holder = server, process = {}) {
  const samples = seen.map(({ used, queue }) => ({
    processes: [processSample({ used, softLimit: 64, ...process })],
    sockets: [
      tcpSocket({
        local: '0.0.0.0:8080',
        peer: '0.0.0.0:0',
        state: TCP_STATE.LISTEN,
        inode: 77,
        cookie: 77,
        receiveQueue: queue,
        sendQueue: 128,
        ...holder,
      }),
    ],
  }));
  return series([spaceSeries(samples)]);
}

test('no descriptor left and a queue that does not shrink, twice', () => {
  const seen = looks([
    { used: 64, queue: 1 },
    { used: 64, queue: 3 },
  ]);
  expect(judge(nofileAcceptStarved, seen)).toMatchObject([
    {
      severity: 'critical',
      confidence: 'high',
      about: 'port 8080',
      scope: { kind: 'process', pid: 4242 },
      summary:
        'node (4242) uses all its 64 descriptors and cannot accept: 3 connections stuck in the accept queue of port 8080',
    },
  ]);
});

test.each([
  ['one look', [{ used: 64, queue: 1 }]],
  ['one descriptor left', [63, 63].map((used) => ({ used, queue: 5 }))],
  ['nobody waits', [64, 64].map((used) => ({ used, queue: 0 }))],
  [
    'look-alike: a slow accept loop with descriptors left (LISTEN_OVERFLOW)',
    [20, 20, 20].map((used) => ({ used, queue: 129 })),
  ],
  [
    'the queue shrinks: somebody accepts',
    [
      { used: 64, queue: 9 },
      { used: 64, queue: 4 },
    ],
  ],
  [
    'not twice in a row',
    [
      { used: 64, queue: 1 },
      { used: 60, queue: 1 },
      { used: 64, queue: 1 },
    ],
  ],
])('quiet: %s', (_, seen) => {
  expect(judge(nofileAcceptStarved, looks(seen))).toEqual([]);
});

test('a worker whose listener its parent opened is told by its name, less surely', () => {
  const seen = looks(
    [64, 64].map((used) => ({ used, queue: 2 })),
    { ...server, process: { pid: 4000, name: 'node' } },
  );
  expect(judge(nofileAcceptStarved, seen)).toMatchObject([{ confidence: 'medium', scope: { pid: 4242 } }]);
});

test('the full process next door has nothing to do with it', () => {
  const seen = looks(
    [64, 64].map((used) => ({ used, queue: 2 })),
    server,
    { pid: 99, name: 'sidecar' },
  );
  expect(judge(nofileAcceptStarved, seen)).toEqual([]);
});
