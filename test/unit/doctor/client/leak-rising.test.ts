import { expect, test } from 'vitest';
import { leakRising } from '../../../../src/doctor/rules/client/leak-rising.ts';
import { poolIdleSurplus } from '../../../../src/doctor/rules/client/pool-idle-surplus.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import { processSample } from '../../../support/process-sample.ts';
import { judge, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const process = { pid: 4242, name: 'webhook' };

interface Scene {
  /** Connections at each second. */
  count(second: number): number;
  /** Bytes that one of them has moved by then. */
  bytes?(index: number, second: number): number;
  /** How long one has been idle by then, milliseconds. */
  idleMs?(index: number, second: number): number;
  name?: string;
  closed?: number;
}

/** Ten seconds of the connections of a process to one endpoint. */
function tenSeconds({ count, bytes = () => 400, idleMs, name = 'webhook', closed = 0 }: Scene) {
  const samples = Array.from({ length: 11 }, (_, second) => ({
    closed: closed > 0 ? [closedGroup(closed, { process: { ...process, name } })] : [],
    sockets: Array.from({ length: count(second) }, (_socket, index) => {
      const idle = idleMs?.(index, second);
      return tcpSocket({
        cookie: 1000 + index,
        local: `10.0.0.2:${40_000 + index}`,
        process: { ...process, name },
        info: {
          bytesSent: bytes(index, second),
          bytesReceived: 100,
          ...(idle !== undefined && { lastSentMs: idle, lastReceivedMs: idle }),
        },
      });
    }),
  }));
  return series([spaceSeries(samples)]);
}

const leaking: Scene = { count: (second) => 3 + second };

test('one more a second, none closed, those of before unused: a fact after ten seconds', () => {
  expect(judge(leakRising, tenSeconds(leaking))).toMatchObject([
    {
      severity: 'info',
      about: 'peer 10.0.0.3:3306',
      scope: { pid: 4242 },
      summary: expect.stringContaining('only become more: 3 to 13 in 10 s, none is closed'),
    },
  ]);
});

test('the ages of unused connections tell that it has gone on for minutes: a warning', () => {
  const old: Scene = {
    count: (second) => 120 + second,
    idleMs: (index, second) => Math.max(0, (120 + second - index) * 1000),
  };
  expect(judge(leakRising, tenSeconds(old))).toMatchObject([{ severity: 'warning', confidence: 'high' }]);
});

test.each<[string, Scene]>([
  ['a pool that warms up to its cap', { count: (second) => Math.min(10, 3 + 2 * second) }],
  ['a load that rises: those of before are in use', { ...leaking, bytes: (_, second) => 400 * (1 + second) }],
  ['some are closed', { ...leaking, closed: 1 }],
  ['the count falls once', { count: (second) => (second === 5 ? 4 : 3 + second) }],
  ['a proxy, which connects for its clients', { ...leaking, name: 'haproxy' }],
])('look-alike: %s', (_, scene) => {
  expect(judge(leakRising, tenSeconds(scene))).toEqual([]);
});

test('descriptors of one kind, unless the connections of the process become more too', () => {
  const scans = (tcp: (second: number) => number) =>
    series([
      spaceSeries(
        Array.from({ length: 11 }, (_, second) => ({
          processes: [processSample({ kinds: { byKind: { pipe: 10 + 2 * second, tcp: tcp(second) } } })],
        })),
      ),
    ]);
  expect(
    judge(
      leakRising,
      scans(() => 5),
    ),
  ).toMatchObject([
    { severity: 'info', summary: expect.stringContaining('pipes of node (4242) only become more: 10 to 30') },
  ]);
  expect(
    judge(
      leakRising,
      scans((second) => 5 + second),
    ),
  ).toEqual([]);
});

test('POOL_IDLE_SURPLUS yields to a leak', () => {
  const unused: Pick<Scene, 'idleMs'> = { idleMs: () => 400_000 };
  expect(judge(poolIdleSurplus, tenSeconds({ count: (second) => 40 + second, ...unused }))).toEqual([]);
  expect(judge(poolIdleSurplus, tenSeconds({ count: () => 40, ...unused }))).toHaveLength(1);
});
