import { expect, test } from 'vitest';
import { refusedByServer } from '../../../../src/doctor/rules/client/refused-by-server.ts';
import type { ClosedGroup } from '../../../../src/model/sample/closed-group.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import { judge, series, spaceSeries, tcpSockets } from '../../../support/series.ts';

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
