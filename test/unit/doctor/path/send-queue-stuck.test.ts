import { expect, test } from 'vitest';
import { sendQueueStuck } from '../../../../src/doctor/rules/path/send-queue-stuck.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { judge, START_MS, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

type At = Partial<Omit<PlainSocket, 'local' | 'peer'>>;

/** One connection every five seconds, from the 0th to the last. */
function over(seconds: number, at: (second: number) => At = () => ({})) {
  const samples = [];
  for (let second = 0; second <= seconds; second += 5) {
    const info = { bytesSent: 100, lastAckReceivedMs: 1000 };
    const socket = tcpSocket({ cookie: 3, sendQueue: 4096, timer: 0, info, ...at(second) });
    samples.push({ atMs: START_MS + second * 1000, sockets: [socket] });
  }
  return series([spaceSeries(samples)]);
}

test('ten seconds unchanged, without a timer', () => {
  expect(judge(sendQueueStuck, over(10))).toMatchObject([
    {
      severity: 'warning',
      about: 'peer 10.0.0.3:3306',
      summary:
        '1 connection with 10.0.0.3:3306: 4096 written bytes have not moved for 10 s, and no timer runs that would send them',
    },
  ]);
});

test('critical when the peer acknowledges nothing all the while', () => {
  const silent = (second: number) => ({ info: { bytesSent: 100, lastAckReceivedMs: 1000 + second * 1000 } });
  expect(judge(sendQueueStuck, over(30, silent))).toMatchObject([{ severity: 'critical' }]);
});

test('the keepalive timer sends nothing either', () => {
  expect(
    judge(
      sendQueueStuck,
      over(30, () => ({ timer: 2 })),
    ),
  ).toHaveLength(1);
});

test.each([
  ['not looked at long enough', over(5)],
  ['the queue moves', over(30, (second) => ({ sendQueue: second === 25 ? 2048 : 4096 }))],
  ['the same length, but other bytes', over(30, (second) => ({ info: { bytesSent: second } }))],
  ['look-alike: the retransmission timer runs (a dead peer)', over(30, () => ({ timer: 1 }))],
  ['look-alike: the window is probed (a slow peer)', over(30, () => ({ timer: 4 }))],
  ['look-alike: the limit of an accept queue', over(30, () => ({ state: TCP_STATE.LISTEN, sendQueue: 128 }))],
])('quiet: %s', (_, seen) => {
  expect(judge(sendQueueStuck, seen)).toEqual([]);
});

test('needs its window', () => {
  expect(sendQueueStuck.needsMs({ windowMs: 30_000 })).toBe(30_000);
});
