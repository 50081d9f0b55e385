import { expect, test } from 'vitest';
import { poolIdleCapOnly } from '../../../../src/doctor/rules/client/pool-idle-cap-only.ts';
import { poolNeverCapped } from '../../../../src/doctor/rules/client/pool-never-capped.ts';
import { poolOverrun } from '../../../../src/doctor/rules/client/pool-overrun.ts';
import type { StackFacts } from '../../../../src/model/stack/stack-facts.ts';
import { judge, series, spaceSeries, tcpSocket, tcpSockets } from '../../../support/series.ts';
import { goWithoutCap, stackFacts } from '../../../support/stack-facts.ts';

const process = { pid: 4242, name: 'webhook' };
const endpoint = { host: '10.0.0.3', port: 3306 };

function holding(count: number, stacks: readonly StackFacts[], peer = '10.0.0.3:3306') {
  return series([spaceSeries([{ sockets: tcpSockets(count, { process, peer }) }])], { stacks });
}

test('one connection of a program that never caps its pool', () => {
  const [finding, ...more] = judge(poolNeverCapped, holding(1, [goWithoutCap()]));
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    severity: 'info',
    confidence: 'high',
    about: 'peer 10.0.0.3:3306',
    scope: { kind: 'process', pid: 4242 },
    summary: 'unlimited pool to 10.0.0.3:3306: SetMaxOpenConns is never called in /webhook',
  });
  expect(finding?.evidence[0]).toEqual({
    what: 'program',
    value: 'go-sql-driver/mysql v1.7.1 in /webhook, Go 1.19.8',
    source: 'linked into the executable',
  });
  // No limit is known, so there is no number.
  expect(finding?.fixes[0]).toMatchObject({ snippet: 'db.SetMaxOpenConns(N)\ndb.SetMaxIdleConns(N)' });
});

test('a warning with half of the declared limit in use; an assumed one does not count', () => {
  const serverLimits = [{ endpoint, limit: 100 }];
  const severityOf = (count: number, declared = {}) =>
    judge(poolNeverCapped, holding(count, [goWithoutCap()]), {}, declared).map(({ severity }) => severity);
  expect(severityOf(49, { serverLimits })).toEqual(['info']);
  expect(severityOf(50, { serverLimits })).toEqual(['warning']);
  expect(severityOf(140)).toEqual(['info']);
});

test.each<[string, StackFacts[], string?]>([
  ['a program that was not looked at', []],
  ['a program that has the function', [goWithoutCap({ absent: [] })]],
  ['a program of which only a part was read', [goWithoutCap({ absent: [], incomplete: true })]],
  ['a driver for another server', [goWithoutCap()], '10.0.0.3:5432'],
  ['no known database', [goWithoutCap()], '10.0.0.3:8080'],
  ['another process', [goWithoutCap({ pid: 1 })]],
  [
    'a library with a pool of its own beside the driver',
    [
      goWithoutCap({
        libraries: [
          { name: 'lib/pq', proof: 'linked', path: '/webhook' },
          { name: 'pgxpool', proof: 'linked', path: '/webhook' },
        ],
      }),
    ],
    '10.0.0.3:5432',
  ],
  ['another language', [stackFacts({ stack: 'Node.js', absent: ['database/sql.(*DB).SetMaxOpenConns'] })]],
])('says nothing of %s', (_, stacks, peer) => {
  expect(judge(poolNeverCapped, holding(200, stacks, peer))).toEqual([]);
});

test('the words of the wrapper that the program uses', () => {
  const path = '/webhook';
  const driver = { name: 'go-sql-driver/mysql', proof: 'linked', path } as const;
  const snippetWith = (name: string) => {
    const facts = goWithoutCap({ libraries: [{ name, proof: 'linked', path }, driver] });
    return judge(poolNeverCapped, holding(1, [facts]))[0]?.fixes[0];
  };
  expect(snippetWith('gorm')).toMatchObject({
    where: 'Go, gorm',
    snippet: 'sqlDB, err := db.DB()\nsqlDB.SetMaxOpenConns(N)\nsqlDB.SetMaxIdleConns(N)',
  });
  expect(snippetWith('xorm')?.snippet).toBe('engine.SetMaxOpenConns(N)\nengine.SetMaxIdleConns(N)');
  expect(snippetWith('sqlx')?.snippet).toBe('db.SetMaxOpenConns(N)\ndb.SetMaxIdleConns(N)');
});

test('it makes the rules about the same pool certain', () => {
  const confidence = (stacks: readonly StackFacts[]) => judge(poolOverrun, holding(120, stacks))[0]?.confidence;
  expect(confidence([])).toBe('medium');
  expect(confidence([goWithoutCap()])).toBe('high');
  const sockets = Array.from({ length: 80 }, (_, index) => tcpSocket({ process, local: `10.0.0.2:${41_000 + index}` }));
  const floor = { sockets: sockets.slice(0, 20) };
  const fresh = { sockets: [...sockets.slice(0, 20), ...tcpSockets(60, { process, local: '10.0.0.2:50000' })] };
  const samples = [floor, { sockets }, fresh, floor, floor, floor, floor];
  const idleCap = (stacks: readonly StackFacts[]) =>
    judge(poolIdleCapOnly, series([spaceSeries(samples)], { stacks })).map((finding) => finding.confidence);
  expect(idleCap([])).toEqual(['medium']);
  expect(idleCap([goWithoutCap()])).toEqual(['high']);
});
