import { expect, test } from 'vitest';
import { poolArithmetic } from '../../../../src/doctor/rules/client/pool-arithmetic.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { container, judge, series, spaceSeries, tcpSockets } from '../../../support/series.ts';

const endpoint = { host: 'db', port: 3306 };
const pools = [{ endpoint, cap: 50 }];
const serverLimits = [{ endpoint, limit: 151 }];
const db = container({ name: 'db', id: 'd'.repeat(64), addresses: [{ network: 'back', address: '10.0.0.3' }] });

/** So many tasks of one service, each in a namespace of its own, with so many connections each. */
function tasks(count: number, held = 10) {
  const spaces = Array.from({ length: count }, (_, index) => {
    const name = `webhook-${index + 1}`;
    const sockets: PlainSocket[] = tcpSockets(held, {
      container: name,
      process: { pid: 100 + index, name: 'webhook' },
    });
    return spaceSeries([{ sockets }], {
      netns: index + 1,
      name,
      targets: [name],
      containers: [container({ name, id: name })],
    });
  });
  return series(spaces, { containers: [db] });
}

test('four tasks with a cap of fifty are more than 151', () => {
  const [finding, ...more] = judge(poolArithmetic, tasks(4), {}, { pools, serverLimits });
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    rule: 'POOL_ARITHMETIC',
    severity: 'warning',
    confidence: 'high',
    about: 'peer 10.0.0.3:3306',
    summary: '4 containers with 4 processes may open 200 connections to 10.0.0.3:3306 (50 each), which accepts 151',
  });
  // floor(151 x 0.9 / 4)
  expect(finding?.fixes[0]?.text).toMatch(/cap its pool at 33: .*SetMaxOpenConns \(Go/);
});

test('look-alike: two tasks fit', () => {
  expect(judge(poolArithmetic, tasks(2), {}, { pools, serverLimits })).toEqual([]);
});

test('a deployment that starts all new tasks first doubles it', () => {
  expect(judge(poolArithmetic, tasks(2), { deployFactor: 2 }, { pools, serverLimits })).toHaveLength(1);
});

test('nearly all in use hurts now', () => {
  expect(judge(poolArithmetic, tasks(4, 37), {}, { pools, serverLimits })).toMatchObject([{ severity: 'critical' }]);
});

test('nothing declared: what several hold against what MySQL comes with is a hint', () => {
  expect(judge(poolArithmetic, tasks(3, 48))).toMatchObject([{ severity: 'info', confidence: 'low' }]);
  expect(judge(poolArithmetic, tasks(3, 45))).toEqual([]);
});

test('look-alike: more than the stock limit in use, so it was raised', () => {
  expect(judge(poolArithmetic, tasks(4, 60))).toEqual([]);
});
