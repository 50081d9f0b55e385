import { expect, test } from 'vitest';
import { poolerStuck } from '../../../../src/doctor/rules/server/pooler-stuck.ts';
import type { StackFacts } from '../../../../src/model/stack/stack-facts.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { judge, listener, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const PGBOUNCER = { pid: 7, name: 'pgbouncer' };

/** A socket of the pooler, seen at the end of ten seconds; times are of the last data, milliseconds before. */
interface Seen {
  cookie: number;
  sent: number;
  received: number;
  /** Bytes that it carried during the ten seconds. */
  moved?: number;
  segments?: [incoming: number, outgoing: number];
}

/** Looks at a pooler twice, ten seconds apart. */
function seen(clients: readonly Seen[], servers: readonly Seen[], holder = PGBOUNCER) {
  const at = (ms: number): PlainSocket[] => {
    const of = (ends: { local: string; peer: string }, each: Seen) => {
      const [dataSegmentsIn, dataSegmentsOut] = each.segments ?? [3, 3];
      const info = {
        lastSentMs: Math.max(0, each.sent - 10_000 + ms),
        lastReceivedMs: Math.max(0, each.received - 10_000 + ms),
        bytesSent: 400 + (ms === 0 ? 0 : (each.moved ?? 0)),
        bytesReceived: 80,
        dataSegmentsIn,
        dataSegmentsOut,
      };
      return tcpSocket({ ...ends, cookie: each.cookie, inode: each.cookie, holders: [holder], info });
    };
    return [
      listener(6432, { holders: [holder] }),
      ...clients.map((each) => of({ local: '10.0.0.2:6432', peer: `10.0.0.5:${each.cookie}` }, each)),
      ...servers.map((each) => of({ local: `10.0.0.2:${each.cookie}`, peer: '10.0.0.3:5432' }, each)),
    ];
  };
  const looks = [0, 10_000].map((ms) => ({ atMs: 1_000_000 + ms, sockets: at(ms) }));
  return judge(poolerStuck, series([spaceSeries(looks)]));
}

/** Clients with a request that has no answer: their last data came after the last answer. */
const waiting = (count: number): Seen[] =>
  Array.from({ length: count }, (_, index) => ({ cookie: 40_000 + index, sent: 20_000, received: 15_000 }));
const quiet = (count: number): Seen[] =>
  Array.from({ length: count }, (_, index) => ({ cookie: 50_000 + index, sent: 30_000, received: 30_040 }));
/** Connections to the server, the answer to each request there. */
const idle = (count: number): Seen[] =>
  Array.from({ length: count }, (_, index) => ({ cookie: 60_000 + index, sent: 30_030, received: 30_010 }));

test('clients wait, and every connection to the server is idle', () => {
  expect(seen([...waiting(4), ...quiet(2)], idle(2))).toMatchObject([
    {
      rule: 'POOLER_STUCK',
      severity: 'warning',
      confidence: 'high',
      about: 'port 6432',
      scope: { kind: 'process', pid: 7 },
      summary:
        '4 clients of port 6432 (pgbouncer) wait for an answer, while all 2 of its connections to 10.0.0.3:5432 have been idle for 10 s: other clients hold them, in a transaction that is not ended',
    },
  ]);
  expect(seen(waiting(20), idle(2))).toMatchObject([{ severity: 'critical', confidence: 'medium' }]);
  expect(seen(waiting(2), idle(2))).toEqual([]);
});

test('the first request right after a login, in one tick of the clock: by the segments', () => {
  const asked = (segments: [number, number]) =>
    waiting(4).map((each) => ({ ...each, sent: 15_000, received: 15_000, segments }));
  expect(seen(asked([3, 2]), idle(2))).toHaveLength(1);
  expect(seen(asked([3, 3]), idle(2))).toEqual([]);
});

test('look-alikes: many idle clients, a queue that moves, a server that is busy', () => {
  expect(seen(quiet(150), idle(5))).toEqual([]);
  const [first, ...others] = waiting(5) as [Seen, ...Seen[]];
  expect(seen([{ ...first, moved: 100 }, ...others], idle(2))).toEqual([]);
  const [one, ...rest] = idle(3) as [Seen, ...Seen[]];
  expect(seen(waiting(5), [{ ...one, moved: 100 }, ...rest])).toEqual([]);
  // A query that has taken nine seconds so far.
  expect(seen(waiting(5), [{ ...one, sent: 11_000, received: 30_000 }, ...rest])).toEqual([]);
});

test('look-alike: a program that is no pooler, such as an application with requests under way', () => {
  expect(seen(waiting(5), idle(2), { pid: 7, name: 'node' })).toEqual([]);
});

/** An application with requests and a pool, and the PostgreSQL that it talks to on the same machine. */
function application(clients: readonly Seen[], pool: readonly Seen[], idleInTransaction: number | undefined) {
  const holder = { pid: 7, name: 'gunicorn' };
  const postgres = { pid: 9, name: 'postgres' };
  const looks = [0, 10_000].map((ms) => {
    const of = (ends: { local: string; peer: string }, { cookie, sent, received, moved = 0 }: Seen) => {
      const info = {
        lastSentMs: Math.max(0, sent - 10_000 + ms),
        lastReceivedMs: Math.max(0, received - 10_000 + ms),
        bytesSent: 400 + (ms === 0 ? 0 : moved),
        bytesReceived: 80,
      };
      return tcpSocket({ ...ends, cookie, inode: cookie, holders: [holder], info });
    };
    return {
      atMs: 1_000_000 + ms,
      sockets: [
        listener(8000, { holders: [holder] }),
        listener(5432, { holders: [postgres] }),
        ...clients.map((each) => of({ local: '10.0.0.2:8000', peer: `10.0.0.5:${each.cookie}` }, each)),
        ...pool.map((each) => of({ local: `127.0.0.1:${each.cookie}`, peer: '127.0.0.1:5432' }, each)),
      ],
    };
  });
  const facts = { startTicks: 1, libraries: [], settings: [], absent: [] };
  const stacks: StackFacts[] = [
    { ...facts, pid: 7, stack: 'Python' },
    {
      ...facts,
      pid: 9,
      stack: 'PostgreSQL',
      ...(idleInTransaction !== undefined && { sessions: { idleInTransaction, waitingForLock: 0 } }),
    },
  ];
  return judge(poolerStuck, series([spaceSeries(looks)], { stacks }));
}

test('requests wait inside an application, whose pool is held in transactions that nobody ends', () => {
  expect(application(waiting(4), idle(3), 3)).toMatchObject([
    {
      severity: 'warning',
      confidence: 'high',
      about: 'peer 127.0.0.1:5432',
      scope: { kind: 'process', pid: 7 },
      summary: expect.stringContaining('all 3 of its connections to 127.0.0.1:5432 have been idle in a transaction'),
      fixes: [{ snippet: expect.stringContaining('with engine.connect()') }, { where: 'PostgreSQL' }],
    },
  ]);
});

test('look-alikes: a free pool beside long polls, a database that is not seen, a pool in use', () => {
  expect(application(waiting(4), idle(3), 0)).toEqual([]);
  expect(application(waiting(4), idle(3), 2)).toEqual([]);
  expect(application(waiting(4), idle(3), undefined)).toEqual([]);
  const [one, ...rest] = idle(3) as [Seen, ...Seen[]];
  expect(application(waiting(4), [{ ...one, moved: 100 }, ...rest], 3)).toEqual([]);
  expect(application(quiet(4), idle(3), 3)).toEqual([]);
});

test('session mode: some wait for long, while those that keep the connections are served', () => {
  const served = (count: number): Seen[] =>
    Array.from({ length: count }, (_, index) => ({ cookie: 50_000 + index, sent: 500, received: 510, moved: 40 }));
  const busy = (count: number): Seen[] =>
    Array.from({ length: count }, (_, index) => ({ cookie: 60_000 + index, sent: 510, received: 500, moved: 40 }));
  expect(seen([...waiting(4), ...served(2)], busy(2))).toMatchObject([
    {
      rule: 'POOLER_STUCK',
      severity: 'warning',
      about: 'port 6432',
      fixes: [{ where: 'PgBouncer', snippet: 'pool_mode = transaction' }, { where: 'the clients that keep them' }],
    },
  ]);
  // More are served than there are connections: they share them.
  expect(seen([...waiting(4), ...served(5)], busy(2))).toEqual([]);
  // A queue that is served in its order: nobody waits for long.
  const asked: Seen[] = [1, 2, 3, 4].map((at) => ({ cookie: 40_000 + at, sent: 3000, received: 1000, moved: 40 }));
  expect(seen([...asked, ...served(2)], busy(2))).toEqual([]);
});
