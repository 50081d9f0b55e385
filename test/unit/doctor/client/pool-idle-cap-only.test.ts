import { expect, test } from 'vitest';
import { poolIdleCapOnly } from '../../../../src/doctor/rules/client/pool-idle-cap-only.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { judge, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const process = { pid: 4242, name: 'webhook' };
const founding = [50, 50, 63, 150, 257, 200, 120, 50, 50, 50, 50];

/** A pool whose connections above `floor` are new ones in each snapshot, as Go closes and reopens them. */
function reopening(counts: readonly number[], floor = 50, parts: Parameters<typeof tcpSocket>[0] = {}) {
  let next = 1000;
  return series([
    spaceSeries(
      counts.map((count) => ({
        sockets: Array.from({ length: count }, (_, index) =>
          tcpSocket({
            local: `10.0.0.2:${30_000 + index}`,
            cookie: index < floor ? index + 1 : next++,
            process,
            ...parts,
          }),
        ),
      })),
    ),
  ]);
}

/** A pool that opens what it needs, and closes it when it is not needed for a while. */
function resizing(counts: readonly number[]) {
  const sockets: PlainSocket[] = Array.from({ length: 300 }, (_, index) =>
    tcpSocket({ local: `10.0.0.2:${30_000 + index}`, process }),
  );
  return series([spaceSeries(counts.map((count) => ({ sockets: sockets.slice(0, count) })))]);
}

test('the founding evening: 63, 257, back to 50', () => {
  const [finding, ...more] = judge(poolIdleCapOnly, reopening(founding));
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    rule: 'POOL_IDLE_CAP_ONLY',
    severity: 'warning',
    confidence: 'medium',
    about: 'peer 10.0.0.3:3306',
    summary:
      'the pool to 10.0.0.3:3306 has an idle cap without an open cap: it rose to 257 connections and fell back to a flat 50',
  });
  expect(finding?.fixes[0]?.text).toMatch(/cap its pool at 50: .*SetMaxOpenConns \(Go/);
});

test('a second peak that falls back to the same floor makes it sure', () => {
  const counts = [...founding, 120, 180, 52, 51, 51, 51];
  expect(judge(poolIdleCapOnly, reopening(counts))).toMatchObject([{ confidence: 'high' }]);
});

test('at the threshold: one and a half times the floor', () => {
  expect(judge(poolIdleCapOnly, reopening([50, 75, 75, 50, 50, 50, 50]))).toHaveLength(1);
  expect(judge(poolIdleCapOnly, reopening([50, 74, 74, 50, 50, 50, 50]))).toEqual([]);
});

test('a floor must be flat, and for three seconds', () => {
  expect(judge(poolIdleCapOnly, reopening([50, 150, 150, 50, 50, 50]))).toEqual([]);
  expect(judge(poolIdleCapOnly, reopening([50, 150, 150, 90, 70, 50, 40]))).toEqual([]);
});

test('look-alike: a pool that shrinks after its peak closed nothing during it', () => {
  expect(judge(poolIdleCapOnly, resizing(founding))).toEqual([]);
});

test('look-alike: a surplus that an idle timeout closes, as HTTP keep-alive does', () => {
  const idle = reopening(founding, 50, { info: { lastSentMs: 4000, lastReceivedMs: 4000 } });
  expect(judge(poolIdleCapOnly, idle)).toEqual([]);
});

test('look-alike: a pool that fills up to its cap and stays there', () => {
  expect(judge(poolIdleCapOnly, reopening([1, 10, 30, 50, 50, 50, 50, 50]))).toEqual([]);
});

test('look-alike: a small pool with a little overflow', () => {
  expect(judge(poolIdleCapOnly, reopening([5, 15, 14, 15, 5, 5, 5, 5], 5))).toEqual([]);
});

test('look-alike: what stays within its declared cap has one', () => {
  const pools = [{ endpoint: { host: '10.0.0.3', port: 3306 }, cap: 300 }];
  expect(judge(poolIdleCapOnly, reopening(founding), {}, { pools })).toEqual([]);
});

test('look-alike: a process that ends', () => {
  expect(judge(poolIdleCapOnly, reopening([50, 50, 80, 0, 0, 0, 0, 0]))).toEqual([]);
});
