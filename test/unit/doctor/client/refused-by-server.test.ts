import { expect, test } from 'vitest';
import { refusedByServer } from '../../../../src/doctor/rules/client/refused-by-server.ts';
import type { ClosedGroup } from '../../../../src/model/sample/closed-group.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import { container, judge, series, spaceSeries, tcpSockets } from '../../../support/series.ts';

const process = { pid: 4242, name: 'webhook' };

function refusing(group: ClosedGroup, established = 20) {
  const sockets = tcpSockets(established, { process, peer: `10.0.0.3:${group.peerPort}` });
  return series([spaceSeries([{ sockets }, { sockets, closed: [group] }])]);
}

function mysql(count: number, parts: Partial<ClosedGroup> = {}) {
  return closedGroup(count, { shortLived: count, greetedOnly: count, silent: count, ...parts });
}

test('ten within ten seconds are a warning, a hundred critical, nine nothing', () => {
  const [finding, ...more] = judge(refusedByServer, refusing(mysql(10)));
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    rule: 'REFUSED_BY_SERVER',
    severity: 'warning',
    confidence: 'medium',
    about: 'peer 10.0.0.3:3306',
    scope: { pid: 4242 },
  });
  expect(finding?.summary).toContain('error 1040');
  expect(judge(refusedByServer, refusing(mysql(100)))).toMatchObject([{ severity: 'critical' }]);
  expect(judge(refusedByServer, refusing(mysql(9)))).toEqual([]);
});

test('with most of the limit in use it is sure, and critical', () => {
  expect(judge(refusedByServer, refusing(mysql(10), 140))).toMatchObject([
    { severity: 'critical', confidence: 'high' },
  ]);
});

test('the fix names who holds most of the connections, who need not be who is refused', () => {
  const worker = { pid: 77, name: 'celery' };
  const refused = closedGroup(20, { shortLived: 20, greetedOnly: 20, silent: 20, peerPort: 6379, process });
  const seen = (ofWorker: number, ofWeb: number) => {
    const held = tcpSockets(ofWorker, { process: worker, peer: '10.0.0.3:6379', local: '10.0.0.4:40000' });
    const own = tcpSockets(ofWeb, { process, peer: '10.0.0.3:6379' });
    // Another one is refused each time that is looked: it is in the last snapshot alone.
    const passing = tcpSockets(3, { process, peer: '10.0.0.3:6379' });
    const other = { netns: 2, name: 'worker', targets: ['worker'], containers: [container({ name: 'worker' })] };
    const looks = [own, [...own, ...passing]].map((sockets) => ({ sockets, closed: [refused] }));
    return judge(
      refusedByServer,
      series([spaceSeries(looks), spaceSeries([{ sockets: held }, { sockets: held }], other)]),
    )[0];
  };
  const filled = seen(54, 6);
  expect(filled?.scope).toMatchObject({ pid: 4242 });
  expect(filled?.fixes[0]?.text).toMatch(/^worker \(77\/celery\) holds 54 of the 60 connections: /);
  expect(filled?.evidence).toContainEqual(
    expect.objectContaining({ what: 'who holds them', value: '54 of worker (77/celery), 6 of web (4242/webhook)' }),
  );
  expect(filled?.fixes.at(-1)?.text).not.toMatch(/PgBouncer|ProxySQL/);
  expect(seen(30, 30)?.fixes[0]?.text).not.toContain('holds');
});

test('look-alike: refused by the network', () => {
  const group = closedGroup(500, { outcome: 'refused', shortLived: 500 });
  expect(judge(refusedByServer, refusing(group))).toEqual([]);
});

test('look-alike: a login for each request, short but real', () => {
  expect(judge(refusedByServer, refusing(mysql(500, { silent: 0 })))).toEqual([]);
});

test('look-alike: a probe now and then that only reads the greeting', () => {
  const samples = Array.from({ length: 61 }, (_, second) => ({ closed: second % 5 === 0 ? [mysql(1)] : [] }));
  expect(judge(refusedByServer, series([spaceSeries(samples)]))).toEqual([]);
});

test('look-alike: short answers of a web service', () => {
  expect(judge(refusedByServer, refusing(mysql(500, { peerPort: 8080 })))).toEqual([]);
});

test('PostgreSQL lets the client speak first', () => {
  const [finding] = judge(refusedByServer, refusing(mysql(20, { peerPort: 5432, silent: 0 })));
  expect(finding?.summary).toContain('53300');
});

test('another port is a database when the user says what it takes', () => {
  const serverLimits = [{ endpoint: { host: '10.0.0.3', port: 4000 }, limit: 60 }];
  expect(judge(refusedByServer, refusing(mysql(20, { peerPort: 4000 }), 55), {}, { serverLimits })).toMatchObject([
    { severity: 'critical' },
  ]);
});

test('look-alike: clients that ask Redis something short, get their answer and end the connection first', () => {
  const asked = (endedHere: number) =>
    closedGroup(50, { shortLived: 50, greetedOnly: 50, peerPort: 6379, endedHere, endedByPeer: 50 - endedHere });
  const seen = (endedHere: number) =>
    judge(refusedByServer, series([spaceSeries([{ sockets: [] }, { sockets: [], closed: [asked(endedHere)] }])]));
  expect(seen(50)).toEqual([]);
  expect(seen(10)).toMatchObject([{ severity: 'warning' }]);
});

test('far below its proved limit a database refuses something else: the login', () => {
  const serverLimits = [{ endpoint: { host: '10.0.0.3', port: 5432 }, limit: 100 }];
  const of = (inUse: number) =>
    judge(refusedByServer, refusing(mysql(20, { peerPort: 5432, silent: 0 }), inUse), {}, { serverLimits })[0];
  expect(of(8)?.title).toContain('far below its limit');
  expect(of(8)?.fixes).toMatchObject([{ text: expect.stringContaining('refuses the login itself') }]);
  expect(of(95)?.title).toBeUndefined();
});
