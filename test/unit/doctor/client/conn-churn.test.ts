import { expect, test } from 'vitest';
import { connChurn } from '../../../../src/doctor/rules/client/conn-churn.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import { judge, series, spaceSeries, tcpSockets } from '../../../support/series.ts';

function churning(perSecond: (second: number) => number, established = 2, name = 'php-fpm') {
  const samples = Array.from({ length: 61 }, (_, second) => ({
    sockets: tcpSockets(established, { process: { pid: 9, name } }),
    closed: [closedGroup(perSecond(second), { shortLived: perSecond(second), process: { pid: 9, name } })],
  }));
  return series([spaceSeries(samples)]);
}

test('fifty a second for a minute are a warning, more than a hundred critical', () => {
  expect(
    judge(
      connChurn,
      churning(() => 50),
    ),
  ).toMatchObject([
    { rule: 'CONN_CHURN', severity: 'warning', confidence: 'high', about: 'peer 10.0.0.3:3306', scope: { pid: 9 } },
  ]);
  expect(
    judge(
      connChurn,
      churning(() => 101),
    ),
  ).toMatchObject([{ severity: 'critical' }]);
});

test('ten a second are not yet too many', () => {
  expect(
    judge(
      connChurn,
      churning(() => 10),
    ),
  ).toEqual([]);
  expect(
    judge(
      connChurn,
      churning(() => 11),
    ),
  ).toHaveLength(1);
});

test('fewer a second than are established are a large pool that renews itself', () => {
  expect(
    judge(
      connChurn,
      churning(() => 50, 50),
    ),
  ).toEqual([]);
});

test('a burst of ten seconds is not sustained', () => {
  expect(
    judge(
      connChurn,
      churning((second) => (second < 10 ? 200 : 0)),
    ),
  ).toEqual([]);
});

test('look-alike: health checks, steady and few', () => {
  expect(
    judge(
      connChurn,
      churning(() => 2, 0),
    ),
  ).toEqual([]);
});

test('look-alike: a load generator', () => {
  expect(
    judge(
      connChurn,
      churning(() => 500, 2, 'wrk'),
    ),
  ).toEqual([]);
});

test('without events TIME_WAIT tells, less surely', () => {
  const sockets = tcpSockets(3000, { state: TCP_STATE.TIME_WAIT });
  expect(judge(connChurn, series([spaceSeries([{ sockets }])]))).toMatchObject([
    { severity: 'warning', confidence: 'low' },
  ]);
});
