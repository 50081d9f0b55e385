import { expect, test } from 'vitest';
import { connectRefused } from '../../../../src/doctor/rules/client/connect-refused.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import { container, judge, listener, series, spaceSeries } from '../../../support/series.ts';

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

test('look-alike: attempts that fail before anything is sent, for lack of a free port', () => {
  const failing = (failures: number) =>
    series([
      spaceSeries(
        Array.from({ length: 61 }, (_, second) => ({
          counters: { TcpActiveOpens: 0, TcpAttemptFails: 7 + second * failures },
          closed: [closedGroup(50, { outcome: 'failed', peerAddress: '10.0.0.3' })],
        })),
      ),
    ]);
  expect(judge(connectRefused, failing(0))).toEqual([]);
  expect(judge(connectRefused, failing(50))).toMatchObject([{ severity: 'warning' }]);
});

/** Refused all the time by a watched server. @param there what it listens on in its first and its last dump */
function refusedBy(there: readonly [number[], number[]], resets?: number) {
  const { namespaces } = minute(() => 5);
  const db = container({ name: 'db', id: 'b'.repeat(64), addresses: [{ network: 'bridge', address: '10.0.0.3' }] });
  const server = spaceSeries(
    there.map((ports, index) => ({
      sockets: ports.map((port) => listener(port)),
      counters: { ...(resets !== undefined && { TcpOutRsts: index * resets }) },
    })),
    { netns: 2, name: 'db', containers: [db] },
  );
  return judge(connectRefused, series([...namespaces, server]))[0];
}

test('a listener that was there all the time refuses nothing: a packet filter does', () => {
  const finding = refusedBy([[3306], [3306]], 0);
  expect(finding?.summary).toContain('a packet filter rejects them, since that host sent no reset');
  expect(finding?.fixes).toMatchObject([{ where: 'the firewall' }]);
  expect(refusedBy([[], [3306]])?.fixes[0]?.text).toContain('start the server first');
});

test('few other ports that are listened on there: one of them is meant', () => {
  const finding = refusedBy([[3307], [3307]]);
  expect(finding?.fixes[0]).toMatchObject({ snippet: '10.0.0.3:3307' });
  expect(finding?.fixes.some(({ text }) => text.includes('start the server first'))).toBe(false);
  const many = [1, 2, 3, 4];
  expect(refusedBy([many, many])?.fixes[0]?.snippet).toBeUndefined();
});

test('look-alike: three instances restart one after the other, and each refuses for a moment', () => {
  const samples = Array.from({ length: 13 }, (_, second) => ({
    counters: { TcpActiveOpens: second * 20, TcpAttemptFails: second * 8 },
    closed: [closedGroup(8, { outcome: 'refused' as const, peerPort: 3001 + (Math.floor(second / 4) % 3) })],
  }));
  expect(judge(connectRefused, series([spaceSeries(samples)]))).toEqual([]);
});
