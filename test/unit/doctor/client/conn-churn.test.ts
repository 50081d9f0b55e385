import { expect, test } from 'vitest';
import { connChurn } from '../../../../src/doctor/rules/client/conn-churn.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { judge, listener, series, spaceSeries, tcpSocket, tcpSockets } from '../../../support/series.ts';
import { stackFacts } from '../../../support/stack-facts.ts';

function churning(perSecond: (second: number) => number, established = 2, name = 'php-fpm') {
  const samples = Array.from({ length: 61 }, (_, second) => ({
    sockets: tcpSockets(established, { process: { pid: 9, name } }),
    closed: [closedGroup(perSecond(second), { shortLived: perSecond(second), process: { pid: 9, name } })],
  }));
  return series([spaceSeries(samples)]);
}

test('fifty a second for a minute are a warning, more than a hundred critical', () => {
  expect(
    judge(
      connChurn,
      churning(() => 50),
    ),
  ).toMatchObject([
    { rule: 'CONN_CHURN', severity: 'warning', confidence: 'high', about: 'peer 10.0.0.3:3306', scope: { pid: 9 } },
  ]);
  expect(
    judge(
      connChurn,
      churning(() => 101),
    ),
  ).toMatchObject([{ severity: 'critical' }]);
});

test('ten a second are not yet too many', () => {
  expect(
    judge(
      connChurn,
      churning(() => 10),
    ),
  ).toEqual([]);
  expect(
    judge(
      connChurn,
      churning(() => 11),
    ),
  ).toHaveLength(1);
});

test('fewer a second than are established are a large pool that renews itself', () => {
  expect(
    judge(
      connChurn,
      churning(() => 50, 50),
    ),
  ).toEqual([]);
});

test('a burst of ten seconds is not sustained', () => {
  expect(
    judge(
      connChurn,
      churning((second) => (second < 10 ? 200 : 0)),
    ),
  ).toEqual([]);
});

test('look-alike: health checks, steady and few', () => {
  expect(
    judge(
      connChurn,
      churning(() => 2, 0),
    ),
  ).toEqual([]);
});

test('look-alike: a load generator', () => {
  expect(
    judge(
      connChurn,
      churning(() => 500, 2, 'wrk'),
    ),
  ).toEqual([]);
});

/** TIME_WAIT entries, so many for each second of their age from `from` to `to`. */
function timeWait(perSecond: number, from: number, to: number, parts: Parameters<typeof tcpSocket>[0] = {}) {
  return Array.from({ length: to - from }, (_, second) =>
    Array.from({ length: perSecond }, (_, index) =>
      tcpSocket({
        local: `10.0.0.2:${10_000 + (from + second) * perSecond + index}`,
        state: TCP_STATE.TIME_WAIT,
        inode: 0,
        timer: 3,
        timerExpiresMs: 60_000 - (from + second) * 1000 - 500,
        ...parts,
      }),
    ),
  ).flat();
}

/** So many seconds of looking, with closed connections in each of them and entries in the last snapshot. */
function brief(seconds: number, perSecond: number, entries: PlainSocket[] = []) {
  const samples = Array.from({ length: seconds + 1 }, (_, second) => ({
    sockets: second === seconds ? entries : [],
    closed: second === 0 ? [] : [closedGroup(perSecond)],
  }));
  return series([spaceSeries(samples)]);
}

test('one snapshot: TIME_WAIT entries of every age prove a minute', () => {
  const [finding] = judge(connChurn, series([spaceSeries([{ sockets: timeWait(68, 0, 60) }])]));
  expect(finding).toMatchObject({
    severity: 'warning',
    confidence: 'high',
    summary: '68 connections a second are opened to 10.0.0.3:3306, with 0 established: connections are not reused',
  });
  expect(finding?.evidence).toContainEqual(expect.objectContaining({ what: 'ended first by', value: 'the client' }));
  expect(judge(connChurn, series([spaceSeries([{ sockets: timeWait(101, 0, 60) }])]))).toMatchObject([
    { severity: 'critical' },
  ]);
});

test.each([
  ['look-alike: a burst of ten seconds, and nothing before', brief(10, 200, timeWait(200, 0, 10))],
  ['a burst that is over', brief(10, 0, timeWait(200, 20, 30))],
  ['entries of every age, few', brief(10, 1, timeWait(1, 0, 60))],
  ['entries whose age is not known', brief(3, 0, tcpSockets(3000, { state: TCP_STATE.TIME_WAIT }))],
  ['a few seconds of events, and nothing about the time before', brief(5, 200)],
])('quiet: %s', (_, seen) => {
  expect(judge(connChurn, seen)).toEqual([]);
});

test('churn that began twenty seconds ago and goes on is a warning, less sure', () => {
  expect(judge(connChurn, brief(10, 200, timeWait(200, 0, 20)))).toMatchObject([
    { severity: 'warning', confidence: 'medium', summary: expect.stringContaining('connections are not reused') },
  ]);
});

test('ten seconds of events alone are a warning, less sure, whatever the rate', () => {
  expect(judge(connChurn, brief(10, 427))).toMatchObject([{ severity: 'warning', confidence: 'medium' }]);
});

/** The client's namespace, and that of a server that closes first. */
function servedBy(name: string) {
  const at = { local: '10.0.0.3:8000', process: { pid: 9, name } };
  const closedThere = timeWait(30, 0, 60).map((entry) => {
    const there = tcpSocket({ local: '10.0.0.3:8000', peer: `10.0.0.2:${entry.localPort}` });
    return { ...there, state: entry.state, inode: 0, timer: entry.timer, timerExpiresMs: entry.timerExpiresMs };
  });
  const client = spaceSeries([{ sockets: [tcpSocket({ peer: '10.0.0.9:53' })] }], { netns: 1 });
  const server = spaceSeries([{ sockets: [listener(8000, at), ...closedThere] }], { netns: 2, containers: [] });
  return series([client, server]);
}

test('a server that closes first remembers for its clients, and the advice is about it', () => {
  const [finding, ...more] = judge(connChurn, servedBy('node'));
  expect(more).toEqual([]);
  expect(finding).toMatchObject({ severity: 'warning', about: 'peer 10.0.0.3:8000', scope: { container: 'web' } });
  expect(finding?.fixes[0]).toMatchObject({ where: 'the server' });
});

test.each(['gunicorn', 'php-fpm8.2', 'uwsgi'])('look-alike: %s, which cannot keep connections, is no fault', (name) => {
  const [finding] = judge(connChurn, servedBy(name));
  expect(finding).toMatchObject({ severity: 'info', summary: expect.stringContaining('ends each after its answer') });
  expect(finding?.fixes).toHaveLength(1);
});

test('what the program of the server was found to do counts more than its name', () => {
  const known = (name: string, keepsAlive: boolean) => {
    const stacks = [stackFacts({ pid: 9, stack: 'Python', server: 'gunicorn', keepsAlive })];
    return judge(connChurn, { ...servedBy(name), stacks })[0];
  };
  // Workers of a kind that keeps connections.
  expect(known('gunicorn', true)).toMatchObject({ severity: expect.stringMatching(/warning|critical/) });
  // Its command name is that of the interpreter.
  const closing = known('python3', false);
  expect(closing).toMatchObject({ severity: 'info', fixes: [{ where: 'gunicorn' }] });
});

test('the fix is that of the library of the client, and has no number that nobody measured', () => {
  const seen = churning(() => 50, 2, 'webhook');
  const [general] = judge(connChurn, seen);
  expect(general?.fixes.length).toBeGreaterThan(1);
  const stacks = [stackFacts({ pid: 9, stack: 'Go' })];
  const [finding] = judge(connChurn, { ...seen, stacks });
  expect(finding?.fixes).toMatchObject([
    { where: 'Go database/sql', snippet: 'db.SetMaxOpenConns(N)\ndb.SetMaxIdleConns(N)' },
  ]);
});

test('the fix is that of the program', () => {
  const [finding] = judge(
    connChurn,
    churning(() => 50, 2, 'nginx'),
  );
  expect(finding?.fixes.map(({ where }) => where)).toEqual(['nginx']);
});
