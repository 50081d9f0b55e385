/** Since when a fault lasts: from ages that the kernel keeps, and from the first snapshot that shows it. */
import { expect, test } from 'vitest';
import { halfOpenIdle } from '../../../src/doctor/rules/client/half-open-idle.ts';
import { poolIdleCapOnly } from '../../../src/doctor/rules/client/pool-idle-cap-only.ts';
import { poolOverrun } from '../../../src/doctor/rules/client/pool-overrun.ts';
import { closeWaitLeak } from '../../../src/doctor/rules/server/close-wait-leak.ts';
import { halfClosedHeld } from '../../../src/doctor/rules/server/half-closed-held.ts';
import { TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import { judge, START_MS, series, spaceSeries, tcpSocket, tcpSockets } from '../../support/series.ts';

const process = { pid: 4242, name: 'webhook' };
const at = (ms: number) => new Date(START_MS + ms).toISOString();

test('CLOSE_WAIT_LEAK: the oldest connection, by its last acknowledgement', () => {
  const aged = (ms: number) => ({ state: TCP_STATE.CLOSE_WAIT, info: { lastAckReceivedMs: ms, lastSentMs: ms } });
  const sockets = [...tcpSockets(11, aged(120_000)), ...tcpSockets(1, aged(7_200_000))];
  expect(judge(closeWaitLeak, series([spaceSeries([{ sockets }])]))).toMatchObject([{ since: at(-7_200_000) }]);
});

test('HALF_CLOSED_HELD: the oldest of those that count', () => {
  const info = { lastAckReceivedMs: 300_000, lastReceivedMs: 300_000, lastSentMs: 300_000 };
  const sockets = tcpSockets(200, { state: TCP_STATE.FIN_WAIT2, info, process, holders: [process] });
  expect(judge(halfClosedHeld, series([spaceSeries([{ sockets }])]))).toMatchObject([{ since: at(-300_000) }]);
});

test('HALF_OPEN_IDLE: the longest silence', () => {
  const info = { lastAckReceivedMs: 900_000, lastReceivedMs: 900_000, lastSentMs: 900_000 };
  const sockets = tcpSockets(200, { peer: '203.0.113.9:443', info, process });
  const found = judge(halfOpenIdle, series([spaceSeries([{ sockets }])]));
  expect(found).toMatchObject([{ since: at(-900_000) }]);
});

test('POOL_OVERRUN: the first snapshot above the declared cap', () => {
  const pools = [{ endpoint: { host: '10.0.0.3', port: 3306 }, cap: 50 }];
  const samples = [40, 50, 60, 45].map((count) => ({ sockets: tcpSockets(count, { process }) }));
  expect(judge(poolOverrun, series([spaceSeries(samples)]), {}, { pools })).toMatchObject([{ since: at(2000) }]);
});

test('POOL_IDLE_CAP_ONLY: the first peak; it is verified by the cap of the fix', () => {
  let next = 1000;
  const samples = [50, 50, 63, 150, 257, 200, 120, 50, 50, 50, 50].map((count) => ({
    sockets: Array.from({ length: count }, (_, index) =>
      tcpSocket({ local: `10.0.0.2:${30_000 + index}`, cookie: index < 50 ? index + 1 : next++, process }),
    ),
  }));
  const [finding] = judge(poolIdleCapOnly, series([spaceSeries(samples)]));
  const since = Date.parse(finding?.since ?? '') - START_MS;
  // It rises from the third snapshot on, and is highest in the fifth.
  expect(since).toBeGreaterThanOrEqual(1000);
  expect(since).toBeLessThanOrEqual(4000);
  expect(finding?.verifyWith).toBe('--pool 10.0.0.3:3306=50 --rule POOL_OVERRUN');
});
