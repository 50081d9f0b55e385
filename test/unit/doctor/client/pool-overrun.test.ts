import { expect, test } from 'vitest';
import { poolOverrun } from '../../../../src/doctor/rules/client/pool-overrun.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { judge, series, spaceSeries, tcpSocket, tcpSockets } from '../../../support/series.ts';

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
  expect(finding?.fixes[0]).toMatchObject({ snippet: 'db.SetMaxOpenConns(50)\ndb.SetMaxIdleConns(50)' });
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

test('the stack that the process hints at comes first, the others by name', () => {
  const node = judge(poolOverrun, holding(120, { process: { pid: 1, name: 'node' } }))[0];
  expect(node?.fixes.map(({ where }) => where)).toEqual(['Node mysql2', 'another stack']);
  expect(node?.fixes[1]?.text).toContain('SetMaxOpenConns (Go database/sql,');
  const postgres = judge(poolOverrun, holding(120, { peer: '10.0.0.3:5432', process: { pid: 1, name: 'node' } }))[0];
  expect(postgres?.fixes[0]).toMatchObject({ where: 'node-postgres' });
});

test('connections whose holder was not seen belong to the only process with a pool to the endpoint', () => {
  const sockets = [...tcpSockets(40, { process }), ...tcpSockets(11)];
  expect(judge(poolOverrun, series([spaceSeries([{ sockets }])]), {}, { pools })).toMatchObject([
    { scope: { pid: 4242 }, summary: expect.stringMatching(/^51 connections/) },
  ]);
  const two = [...sockets, ...tcpSockets(1, { process: { pid: 4243, name: 'webhook' } })];
  expect(judge(poolOverrun, series([spaceSeries([{ sockets: two }])]), {}, { pools })).toEqual([]);
});
