import { expect, test } from 'vitest';
import { closeWaitLeak } from '../../../src/analyze/doctor/rules/close-wait-leak.ts';
import { TCP_STATE } from '../../../src/model/tcp-state.ts';
import { judge, series, spaceSeries, tcpSockets } from '../../support/series.ts';

const CLOSE_WAIT = TCP_STATE.CLOSE_WAIT;

test('twelve that have waited for two minutes are a warning', () => {
  const sockets = tcpSockets(12, { state: CLOSE_WAIT, info: { lastReceivedMs: 120_000 } });
  const [finding, ...more] = judge(closeWaitLeak, series([spaceSeries([{ sockets }])]));
  expect(more).toEqual([]);
  expect(finding).toMatchObject({ rule: 'CLOSE_WAIT_LEAK', severity: 'warning', about: 'peer 10.0.0.3:3306' });
});

test('look-alike: closed a moment ago, in an orderly shutdown', () => {
  const sockets = tcpSockets(50, { state: CLOSE_WAIT, info: { lastReceivedMs: 300 } });
  expect(judge(closeWaitLeak, series([spaceSeries([{ sockets }])]))).toEqual([]);
});

test('more at each of six looks are critical, however young', () => {
  const samples = [10, 20, 30, 40, 50, 60].map((count) => ({
    sockets: tcpSockets(count, { state: CLOSE_WAIT, info: { lastReceivedMs: 500 } }),
  }));
  expect(judge(closeWaitLeak, series([spaceSeries(samples)]))).toMatchObject([{ severity: 'critical' }]);
});
