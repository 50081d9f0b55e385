import { expect, test } from 'vitest';
import { nofileAcceptStarved } from '../../../../src/doctor/rules/descriptors/nofile-accept-starved.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { processSample } from '../../../support/process-sample.ts';
import { judge, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const server = { process: { pid: 4242, name: 'node' }, container: 'web' };

/** Its listener with so many in the queue. */
function listening(queue: number, holder = server) {
  const ends = { local: '0.0.0.0:8080', peer: '0.0.0.0:0', state: TCP_STATE.LISTEN, inode: 77, cookie: 77 };
  return [tcpSocket({ ...ends, receiveQueue: queue, sendQueue: 128, ...holder })];
}

/** Looks at a process with a limit of 64, and at the accept queue of its listener. */
function looks(seen: readonly { used: number; queue: number }[], holder = server, process = {}) {
  const samples = seen.map(({ used, queue }) => ({
    processes: [processSample({ used, softLimit: 64, ...process })],
    sockets: listening(queue, holder),
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

test.each([
  [
    'never had an answer, and are quiet',
    { bytesReceived: 40, bytesSent: 0, lastReceivedMs: 9000, lastSentMs: 9000 },
    true,
  ],
  ['look-alike: WebSockets', { bytesReceived: 40, bytesSent: 130, lastReceivedMs: 9000, lastSentMs: 9000 }, false],
  ['look-alike: said nothing', { bytesReceived: 0, bytesSent: 0, lastReceivedMs: 9000, lastSentMs: 9000 }, false],
  ['look-alike: asked just now', { bytesReceived: 40, bytesSent: 0, lastReceivedMs: 20, lastSentMs: 20 }, false],
])('clients that hold most descriptors: %s', (_, info, areUnfinished) => {
  const seen = looks([
    { used: 64, queue: 1 },
    { used: 64, queue: 3 },
  ]);
  const held = { pid: 4242, name: 'node' };
  const clients = Array.from({ length: 50 }, (_, index) =>
    tcpSocket({ local: '10.0.0.2:8080', peer: `10.0.0.9:${40_000 + index}`, holders: [held], info }),
  );
  const stacks = [{ pid: 4242, startTicks: 1, stack: 'Go' as const, libraries: [], settings: [], absent: [] }];
  const [netns] = seen.namespaces;
  if (netns === undefined) throw new Error();
  const { sockets } = spaceSeries([{ sockets: [...listening(3), ...clients] }]).samples[0] ?? {};
  const samples = netns.samples.map((sample) => ({ ...sample, ...(sockets !== undefined && { sockets }) }));
  const [finding] = judge(nofileAcceptStarved, { ...seen, namespaces: [{ ...netns, samples }], stacks });
  expect(finding?.fixes[0]?.snippet?.includes('ReadHeaderTimeout') === true).toBe(areUnfinished);
});
