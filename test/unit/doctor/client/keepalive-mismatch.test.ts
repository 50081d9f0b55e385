import { expect, test } from 'vitest';
import { keepaliveMismatch } from '../../../../src/doctor/rules/client/keepalive-mismatch.ts';
import type { ClosedGroup, IdleTimes } from '../../../../src/model/sample/closed-group.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import { judge, series, spaceSeries } from '../../../support/series.ts';

const NGINX = { pid: 7, name: 'nginx' };

const times = (count: number, leastMs: number, mostMs = leastMs): IdleTimes => ({ count, leastMs, mostMs });

/** Idle connections that the server closed. */
const ended = (idle: IdleTimes, parts: Partial<ClosedGroup> = {}) =>
  closedGroup(idle.count, { process: NGINX, idled: idle.count, endedByPeer: idle.count, peerTimeouts: idle, ...parts });

/** Requests that met the close. */
const reset = (idle: IdleTimes) =>
  closedGroup(idle.count, { process: NGINX, outcome: 'reset', endedByPeer: idle.count, metClose: idle });

const seen = (...closed: ClosedGroup[][]) =>
  judge(keepaliveMismatch, series([spaceSeries(closed.map((groups) => ({ closed: groups, sockets: [] })))]));

test('the server closes idle connections at one age, and some requests are reset at that age', () => {
  const [finding, ...others] = seen([], [ended(times(4, 5_010, 5_060))], [reset(times(2, 4_980, 5_000))]);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    rule: 'KEEPALIVE_MISMATCH',
    severity: 'warning',
    confidence: 'high',
    scope: { kind: 'process', pid: 7 },
    about: 'peer 10.0.0.3:3306',
    summary:
      '10.0.0.3:3306 ends connections that were idle for 5.0 s before its client does: 2 requests met the close and were reset (4 ended in time)',
  });
  expect(finding?.fixes[0]?.text).toContain('keepAliveTimeout (Node.js), --keep-alive (gunicorn)');
  expect(finding?.fixes[1]).toMatchObject({
    where: 'nginx',
    snippet: expect.stringContaining('keepalive_timeout 3s;'),
  });
});

test('look-alike: idle connections that the server closes, and that nobody uses then', () => {
  expect(seen([], [ended(times(4, 5_010))], [ended(times(9, 5_010))])).toEqual([]);
});

test('look-alike: the proxy closes idle connections first', () => {
  const own = closedGroup(40, { process: NGINX, idled: 40, endedHere: 40 });
  expect(seen([], [own], [own, reset(times(1, 5_000))], [ended(times(2, 5_000))])).toEqual([]);
});

test('look-alikes: a server that is started anew: many ages, or all at once', () => {
  expect(seen([], [ended(times(1, 2_000)), reset(times(1, 9_000))], [ended(times(2, 20_000, 90_000))])).toEqual([]);
  expect(seen([], [ended(times(9, 5_000)), reset(times(1, 5_000))])).toEqual([]);
});
