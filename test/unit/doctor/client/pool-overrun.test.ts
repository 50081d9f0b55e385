import { expect, test } from 'vitest';
import { poolOverrun } from '../../../../src/doctor/rules/client/pool-overrun.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import type { StackFacts } from '../../../../src/model/stack/stack-facts.ts';
import { judge, listener, series, spaceSeries, tcpSocket, tcpSockets } from '../../../support/series.ts';
import { stackFacts } from '../../../support/stack-facts.ts';

const process = { pid: 4242, name: 'webhook' };
const endpoint = { host: '10.0.0.3', port: 3306 };
const pools = [{ endpoint, cap: 50 }];

function holding(count: number, parts: Parameters<typeof tcpSocket>[0] = {}) {
  return series([spaceSeries([{ sockets: tcpSockets(count, { process, ...parts }) }])]);
}

test('one more than the declared cap is critical, and the cap is in the fix', () => {
  const [finding, ...more] = judge(poolOverrun, holding(51), {}, { pools });
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    rule: 'POOL_OVERRUN',
    severity: 'critical',
    confidence: 'high',
    about: 'peer 10.0.0.3:3306',
    scope: { kind: 'process', pid: 4242, container: 'web' },
    summary: '51 connections of one process to 10.0.0.3:3306: its declared cap is 50',
  });
  expect(finding?.fixes).toMatchObject([{ where: 'the application', text: expect.stringContaining('at 50') }]);
});

test('the fix has the lower number where the declared caps together do not fit', () => {
  const serverLimits = [{ endpoint, limit: 40 }];
  const [finding] = judge(poolOverrun, holding(51), {}, { pools, serverLimits, replicas: [{ count: 1 }] });
  // 40 of one process, a tenth kept for others.
  expect(finding?.fixes).toMatchObject([{ text: expect.stringContaining('at 36') }]);
});

test('attempts to connect are counted like connections', () => {
  const sockets = [...tcpSockets(45, { process }), ...tcpSockets(6, { process, state: TCP_STATE.SYN_SENT })];
  expect(judge(poolOverrun, series([spaceSeries([{ sockets }])]), {}, { pools })).toHaveLength(1);
});

test('look-alike: a healthy pool at its cap', () => {
  expect(judge(poolOverrun, holding(50), {}, { pools })).toEqual([]);
});

test('look-alike: the same number all the time with ever new connections is churn, no overrun', () => {
  const samples = Array.from({ length: 10 }, () => ({ sockets: tcpSockets(50, { process }) }));
  expect(judge(poolOverrun, series([spaceSeries(samples)]), {}, { pools })).toEqual([]);
});

test('look-alike: two processes, each within its cap', () => {
  const sockets = [...tcpSockets(40, { process }), ...tcpSockets(40, { process: { pid: 4243, name: 'webhook' } })];
  expect(judge(poolOverrun, series([spaceSeries([{ sockets }])]), {}, { pools })).toEqual([]);
});

test('nothing declared: a hundred to one database are a warning, one less is not', () => {
  expect(judge(poolOverrun, holding(100))).toMatchObject([{ severity: 'warning', confidence: 'medium' }]);
  expect(judge(poolOverrun, holding(99))).toEqual([]);
});

test('an assumed default never becomes a number to paste: what is not known is asked for', () => {
  const [finding] = judge(poolOverrun, holding(120));
  expect(finding?.fixes.slice(0, -1).filter(({ snippet }) => snippet !== undefined)).toEqual([]);
  expect(finding?.fixes.at(-1)).toMatchObject({
    text: expect.stringContaining('how many replicas of web there are on other hosts'),
    snippet: 'socklens doctor --replicas N --server-limit 10.0.0.3:3306=N',
  });
});

test('with the limit and the replicas of all hosts the cap is computed', () => {
  const serverLimits = [{ endpoint, limit: 151 }];
  const replicas = [{ service: 'web', count: 4 }];
  const [finding] = judge(poolOverrun, holding(60), {}, { serverLimits, replicas });
  // floor(151 x 0.9 / 4)
  expect(finding?.fixes.map(({ text }) => text)).toContainEqual(expect.stringContaining('cap its pool at 33'));
  const [unknown] = judge(poolOverrun, holding(130), {}, { serverLimits });
  expect(unknown?.fixes.at(-1)?.snippet).toBe('socklens doctor --replicas N');
});

test('look-alike: more than the assumed default in use disproves it', () => {
  expect(judge(poolOverrun, holding(160))).toEqual([]);
  expect(judge(poolOverrun, holding(120, { peer: '10.0.0.3:5432' }))).toEqual([]);
});

test('look-alike: a hundred and fifty clients of a pooler, whatever its port', () => {
  expect(judge(poolOverrun, holding(100, { peer: '10.0.0.3:6432' }))).toEqual([]);
  const pooler = spaceSeries(
    [
      {
        sockets: [
          listener(5432, { process: { pid: 9, name: 'haproxy' } }),
          tcpSocket({ local: '10.0.0.3:5432', peer: '10.0.0.2:40000' }),
        ],
      },
    ],
    { netns: 2, name: 'netns:pooler' },
  );
  const client = spaceSeries([{ sockets: tcpSockets(100, { process, peer: '10.0.0.3:5432' }) }]);
  expect(judge(poolOverrun, series([client, pooler]))).toEqual([]);
  expect(judge(poolOverrun, series([client]))).toHaveLength(1);
});

test('look-alike: a hundred connections to what is no database', () => {
  expect(judge(poolOverrun, holding(150, { peer: '10.0.0.3:443' }))).toEqual([]);
});

test('look-alike: a proxy, which holds connections for others', () => {
  expect(judge(poolOverrun, holding(150, { process: { pid: 7, name: 'proxysql' } }))).toEqual([]);
});

test("look-alike: the server's side of as many connections", () => {
  const server = { local: '10.0.0.3:3306', peer: '10.0.0.2:40000' };
  const sockets = [
    tcpSocket({ ...server, state: TCP_STATE.LISTEN, peer: '0.0.0.0:0' }),
    ...Array.from({ length: 150 }, (_, index) => tcpSocket({ ...server, peer: `10.0.0.2:${40_000 + index}`, process })),
  ];
  expect(judge(poolOverrun, series([spaceSeries([{ sockets }])]))).toEqual([]);
});

test("against the server's declared limit: 80 % of a process's part", () => {
  const serverLimits = [{ endpoint, limit: 100 }];
  expect(judge(poolOverrun, holding(80), {}, { serverLimits })).toMatchObject([{ severity: 'warning' }]);
  expect(judge(poolOverrun, holding(79), {}, { serverLimits })).toEqual([]);
});

test('twice its median after ten minutes is a warning; a pool that fills up has no history', () => {
  const counts = [...new Array<number>(20).fill(16), 40];
  const over = (stepMs: number) =>
    series([
      spaceSeries(
        counts.map((count, index) => ({
          atMs: 1_000_000 + index * stepMs,
          sockets: tcpSockets(count, { process, peer: '10.0.0.3:8000' }),
        })),
      ),
    ]);
  expect(judge(poolOverrun, over(30_000))).toMatchObject([{ severity: 'warning', confidence: 'low' }]);
  expect(judge(poolOverrun, over(1_000))).toEqual([]);
});

test('one fix, in the words of the library that the program has for this server', () => {
  const path = '/app/node_modules';
  const libraries = [
    { name: 'mysql2', version: '3.24.6', proof: 'installed', path: `${path}/mysql2/package.json` },
    { name: 'pg', version: '8.23.0', proof: 'installed', path: `${path}/pg/package.json` },
  ] as const;
  const fixesTo = (peer: string, known: readonly StackFacts['libraries'][number][]) => {
    const stacks = [stackFacts({ pid: 1, stack: 'Node.js', libraries: known })];
    const sockets = tcpSockets(100, { peer, process: { pid: 1, name: 'MainThread' } });
    return judge(poolOverrun, series([spaceSeries([{ sockets }])], { stacks }))[0]?.fixes.slice(0, -1);
  };
  expect(fixesTo('10.0.0.3:3306', libraries)).toMatchObject([
    { where: 'Node, mysql2', snippet: 'mysql.createPool({ connectionLimit: N })' },
  ]);
  expect(fixesTo('10.0.0.3:5432', libraries)).toMatchObject([{ snippet: 'new Pool({ max: N })' }]);
  const knex = { name: 'knex', proof: 'installed', path: `${path}/knex/package.json` } as const;
  expect(fixesTo('10.0.0.3:3306', [knex, ...libraries])).toMatchObject([{ where: 'Node, knex' }]);
  // A wrapper alone does not say what it connects to.
  const [general, ...others] = fixesTo('10.0.0.3:3306', [knex]) ?? [];
  expect(others).toEqual([]);
  expect(general?.text).toContain('Node.js, and which library connects is not known; cap its pool: connectionLimit');
  expect(general?.text).not.toContain('SetMaxOpenConns');
});

test('connections whose holder was not seen belong to the only process with a pool to the endpoint', () => {
  const sockets = [...tcpSockets(40, { process }), ...tcpSockets(11)];
  expect(judge(poolOverrun, series([spaceSeries([{ sockets }])]), {}, { pools })).toMatchObject([
    { scope: { pid: 4242 }, summary: expect.stringMatching(/^51 connections/) },
  ]);
  const two = [...sockets, ...tcpSockets(1, { process: { pid: 4243, name: 'webhook' } })];
  expect(judge(poolOverrun, series([spaceSeries([{ sockets: two }])]), {}, { pools })).toEqual([]);
});

test('an assumed limit that is large is judged by its share: Redis takes ten thousand', () => {
  expect(judge(poolOverrun, holding(200, { peer: '10.0.0.3:6379' }))).toEqual([]);
  expect(judge(poolOverrun, holding(120))).toMatchObject([{ severity: 'warning' }]);
});
