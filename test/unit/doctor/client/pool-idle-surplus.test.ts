import { expect, test } from 'vitest';
import { poolIdleSurplus } from '../../../../src/doctor/rules/client/pool-idle-surplus.ts';
import { judge, START_MS, series, spaceSeries, tcpSocket, tcpSockets } from '../../../support/series.ts';

const process = { pid: 4242, name: 'webhook' };
const IDLE = { lastSentMs: 400_000, lastReceivedMs: 300_000 };
const BUSY = { lastSentMs: 20, lastReceivedMs: 10 };

function looks(idle: number, busy: number, count = 3) {
  const sockets = [...tcpSockets(idle, { process, info: IDLE }), ...tcpSockets(busy, { process, info: BUSY })];
  return series([spaceSeries(Array.from({ length: count }, () => ({ sockets })))]);
}

test('fifty open and five used are a warning', () => {
  expect(judge(poolIdleSurplus, looks(45, 5))).toMatchObject([
    { rule: 'POOL_IDLE_SURPLUS', severity: 'warning', about: 'peer 10.0.0.3:3306', scope: { pid: 4242 } },
  ]);
});

test('at the threshold: twenty, half of them idle for five minutes, in three looks', () => {
  expect(judge(poolIdleSurplus, looks(10, 10))).toHaveLength(1);
  expect(judge(poolIdleSurplus, looks(9, 11))).toEqual([]);
  expect(judge(poolIdleSurplus, looks(19, 0))).toEqual([]);
  expect(judge(poolIdleSurplus, looks(45, 5, 2))).toEqual([]);
});

test('look-alike: a pool at rest for less than five minutes', () => {
  const sockets = tcpSockets(50, { process, info: { lastSentMs: 299_000, lastReceivedMs: 400_000 } });
  expect(judge(poolIdleSurplus, series([spaceSeries([{ sockets }, { sockets }, { sockets }])]))).toEqual([]);
});

test('validation pings hide idleness from the clock, not from the bytes', () => {
  const pinged = (bytesAMinute: number) =>
    series([
      spaceSeries(
        [0, 300, 301, 302].map((second) => ({
          atMs: START_MS + second * 1000,
          sockets: Array.from({ length: 30 }, (_, index) =>
            tcpSocket({
              cookie: index + 1,
              process,
              info: { ...BUSY, bytesSent: Math.round((bytesAMinute * second) / 60), bytesReceived: 0 },
            }),
          ),
        })),
      ),
    ]);
  expect(judge(poolIdleSurplus, pinged(600))).toHaveLength(1);
  expect(judge(poolIdleSurplus, pinged(60_000))).toEqual([]);
});
