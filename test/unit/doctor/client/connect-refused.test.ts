import { expect, test } from 'vitest';
import { connectRefused } from '../../../../src/doctor/rules/client/connect-refused.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import { judge, series, spaceSeries } from '../../../support/series.ts';

/** A minute of samples, a second apart, with so many refusals in each. */
function minute(refused: (second: number) => number, opensASecond = 100, peer = '10.0.0.3') {
  const outcome = 'refused' as const;
  return series([
    spaceSeries(
      Array.from({ length: 61 }, (_, second) => ({
        counters: { TcpActiveOpens: 1000 + second * opensASecond },
        closed: [closedGroup(refused(second), { outcome, peerAddress: peer })],
      })),
    ),
  ]);
}

test('more than one a second is a warning, one is not', () => {
  expect(
    judge(
      connectRefused,
      minute(() => 2),
    ),
  ).toMatchObject([{ rule: 'CONNECT_REFUSED', severity: 'warning', confidence: 'high', about: 'peer 10.0.0.3:3306' }]);
  expect(
    judge(
      connectRefused,
      minute(() => 1),
    ),
  ).toEqual([]);
});

test('more than a tenth of all attempts are a warning', () => {
  expect(
    judge(
      connectRefused,
      minute((second) => (second % 5 === 0 ? 1 : 0), 1),
    ),
  ).toHaveLength(1);
  expect(
    judge(
      connectRefused,
      minute((second) => (second % 5 === 0 ? 1 : 0), 2),
    ),
  ).toEqual([]);
});

test('look-alike: refused for some seconds while a server restarts', () => {
  expect(
    judge(
      connectRefused,
      minute((second) => (second < 8 ? 20 : 0)),
    ),
  ).toEqual([]);
});

test('localhost inside a container is the container', () => {
  const [finding] = judge(
    connectRefused,
    minute(() => 5, 100, '127.0.0.1'),
  );
  expect(finding?.fixes[0]?.text).toContain('"localhost" inside a container');
});

test('without events the counters tell', () => {
  const counted = (fails: number) =>
    series([
      spaceSeries(
        Array.from({ length: 61 }, (_, second) => ({
          counters: { TcpActiveOpens: second * 10, TcpAttemptFails: second * fails },
        })),
      ),
    ]);
  expect(judge(connectRefused, counted(2))).toMatchObject([{ severity: 'warning', confidence: 'medium' }]);
  expect(judge(connectRefused, counted(0.5))).toEqual([]);
});

test('look-alike: half-open connections of a server that are reset count as failed attempts', () => {
  const samples = Array.from({ length: 61 }, (_, second) => ({
    counters: { TcpActiveOpens: 0, TcpPassiveOpens: second * 50, TcpAttemptFails: second * 5 },
  }));
  expect(judge(connectRefused, series([spaceSeries(samples)]))).toEqual([]);
});
