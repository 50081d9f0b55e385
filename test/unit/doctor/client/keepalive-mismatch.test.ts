import { expect, test } from 'vitest';
import { keepaliveMismatch } from '../../../../src/doctor/rules/client/keepalive-mismatch.ts';
import type { ClosedGroup, IdleTimes } from '../../../../src/model/sample/closed-group.ts';
import type { StackFacts } from '../../../../src/model/stack/stack-facts.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import { judge, series, spaceSeries } from '../../../support/series.ts';

const NGINX = { pid: 7, name: 'nginx' };

const times = (count: number, leastMs: number, mostMs = leastMs): IdleTimes => ({ count, leastMs, mostMs });

const OF_NGINX = { process: NGINX, peerPort: 8080 };

/** Idle connections that the server closed. */
const ended = (idle: IdleTimes, parts: Partial<ClosedGroup> = {}) =>
  closedGroup(idle.count, { ...OF_NGINX, idled: idle.count, endedByPeer: idle.count, peerTimeouts: idle, ...parts });

/** Requests that met the close. */
const reset = (idle: IdleTimes, parts: Partial<ClosedGroup> = {}) =>
  closedGroup(idle.count, { ...OF_NGINX, outcome: 'reset', endedByPeer: idle.count, metClose: idle, ...parts });

const seriesOf = (...closed: ClosedGroup[][]) =>
  series([spaceSeries(closed.map((groups) => ({ closed: groups, sockets: [] })))]);

const seen = (...closed: ClosedGroup[][]) => judge(keepaliveMismatch, seriesOf(...closed));

test('the server closes idle connections at one age, and some requests are reset at that age', () => {
  const [finding, ...others] = seen([], [ended(times(4, 5_010, 5_060))], [reset(times(2, 4_980, 5_000))]);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    rule: 'KEEPALIVE_MISMATCH',
    severity: 'warning',
    confidence: 'high',
    scope: { kind: 'process', pid: 7 },
    about: 'peer 10.0.0.3:8080',
    summary:
      '10.0.0.3:8080 ends connections that were idle for 5.0 s before its client does: 2 requests met the close and were reset (4 ended in time)',
  });
  expect(finding?.fixes[0]?.text).toContain('keepAliveTimeout (Node.js), --keep-alive (gunicorn)');
  expect(finding?.fixes[1]).toMatchObject({
    where: 'nginx',
    snippet: expect.stringContaining('keepalive_timeout 3s;'),
  });
});

test.each([
  ['redis-py', 6379, 'redis.Redis(health_check_interval=4, socket_keepalive=True'],
  ['SQLAlchemy', 5432, 'create_engine(url, pool_pre_ping=True, pool_recycle=4)'],
])('a database ends idle connections: the pool of %s is what has to know', (library, peerPort, snippet) => {
  const process = { pid: 8, name: 'python3' };
  const of = { process, peerPort };
  const driver = peerPort === 5432 ? ['psycopg2'] : [];
  const stack: StackFacts = {
    pid: 8,
    startTicks: 1,
    stack: 'Python',
    libraries: [library, ...driver].map((name) => ({ name, proof: 'installed', path: `/x/${name}` })),
    settings: [],
    absent: [],
  };
  const closed = [[], [ended(times(4, 5_010), of)], [reset(times(2, 5_000), of)]];
  const [finding] = judge(keepaliveMismatch, { ...seriesOf(...closed), stacks: [stack] });
  expect(finding?.fixes[0]).toMatchObject({
    where: `Python, ${library}`,
    text: expect.stringContaining('ends connections that were idle for 5.0 s'),
    snippet: expect.stringContaining(snippet),
  });
});

test('look-alike: idle connections that the server closes, and that nobody uses then', () => {
  expect(seen([], [ended(times(4, 5_010))], [ended(times(9, 5_010))])).toEqual([]);
});

test('look-alike: the proxy closes idle connections first', () => {
  const own = closedGroup(40, { ...OF_NGINX, idled: 40, endedHere: 40 });
  expect(seen([], [own], [own, reset(times(1, 5_000))], [ended(times(2, 5_000))])).toEqual([]);
});

test('look-alikes: a server that is started anew: many ages, or all at once', () => {
  expect(seen([], [ended(times(1, 2_000)), reset(times(1, 9_000))], [ended(times(2, 20_000, 90_000))])).toEqual([]);
  expect(seen([], [ended(times(9, 5_000)), reset(times(1, 5_000))])).toEqual([]);
});
