import { expect, test } from 'vitest';
import { closeWaitLeak } from '../../../../src/doctor/rules/server/close-wait-leak.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { judge, series, spaceSeries, tcpSocket, tcpSockets } from '../../../support/series.ts';

const { CLOSE_WAIT, ESTABLISHED, LISTEN } = TCP_STATE;
const old = { lastAckReceivedMs: 120_000, lastSentMs: 120_000 };

test('ten that have waited for two minutes are a warning, nine beside as many that work are nothing', () => {
  const waiting = (count: number) => tcpSockets(count, { state: CLOSE_WAIT, info: old });
  const [finding, ...more] = judge(closeWaitLeak, series([spaceSeries([{ sockets: waiting(10) }])]));
  expect(more).toEqual([]);
  expect(finding).toMatchObject({ rule: 'CLOSE_WAIT_LEAK', severity: 'warning', about: 'peer 10.0.0.3:3306' });
  const beside = [...waiting(9), ...tcpSockets(10, { state: ESTABLISHED })];
  expect(judge(closeWaitLeak, series([spaceSeries([{ sockets: beside }])]))).toEqual([]);
});

test('a pool of five whose connections the server has ended is a warning; four are none, nor five of eleven', () => {
  const found = (dead: number, alive: number, info = { lastAckReceivedMs: 12_000, lastSentMs: 12_000 }) => {
    const sockets = [
      ...tcpSockets(dead, { state: CLOSE_WAIT, info, receiveQueue: 1 }),
      ...tcpSockets(alive, { state: ESTABLISHED }),
    ];
    return judge(closeWaitLeak, series([spaceSeries([{ sockets }])]));
  };
  expect(found(5, 5)).toMatchObject([
    { severity: 'warning', fixes: [{ where: "the pool's settings", text: expect.stringContaining('pool_pre_ping') }] },
  ]);
  expect(found(4, 0)).toEqual([]);
  expect(found(5, 6)).toEqual([]);
  expect(found(5, 0, { lastAckReceivedMs: 9_000, lastSentMs: 9_000 })).toEqual([]);
});

test('it says how the program closes, whatever the queue holds', () => {
  const fixOf = (name: string, receiveQueue: number) => {
    const process = { pid: 7, name };
    const sockets = tcpSockets(12, { state: CLOSE_WAIT, info: old, receiveQueue, peer: '10.0.0.3:8080', process });
    return judge(closeWaitLeak, series([spaceSeries([{ sockets }])]))[0]?.fixes[0];
  };
  for (const receiveQueue of [0, 1, 500]) {
    expect(fixOf('python3', receiveQueue)).toMatchObject({
      where: 'Python',
      text: expect.stringContaining('close each'),
    });
    expect(fixOf('app', receiveQueue)).toMatchObject({
      where: 'the application',
      text: expect.stringContaining('close() '),
    });
  }
});

test('a hundred that have waited so long are critical; a hundred of which only ten have are a warning', () => {
  const sockets = tcpSockets(100, { state: CLOSE_WAIT, info: old });
  expect(judge(closeWaitLeak, series([spaceSeries([{ sockets }])]))).toMatchObject([{ severity: 'critical' }]);
  const mixed = [...sockets.slice(0, 10), ...tcpSockets(90, { state: CLOSE_WAIT, info: { lastAckReceivedMs: 300 } })];
  expect(judge(closeWaitLeak, series([spaceSeries([{ sockets: mixed }])]))).toMatchObject([{ severity: 'warning' }]);
});

test("a server's clients are one group, whatever their addresses", () => {
  const local = '10.0.0.2:8080';
  const clients = Array.from({ length: 12 }, (_, index) =>
    tcpSocket({ local, peer: `10.0.1.${index}:${50_000 + index}`, state: CLOSE_WAIT, info: old }),
  );
  const sockets = [tcpSocket({ local: '0.0.0.0:8080', peer: '0.0.0.0:0', state: LISTEN }), ...clients];
  expect(judge(closeWaitLeak, series([spaceSeries([{ sockets }])]))).toMatchObject([
    {
      severity: 'warning',
      about: 'port 8080',
      summary: expect.stringContaining('12 connections with clients of port 8080'),
    },
  ]);
});

test('the queue tells which bug it is', () => {
  const fix = (receiveQueue: number) => {
    const sockets = tcpSockets(12, { state: CLOSE_WAIT, info: old, receiveQueue, peer: '10.0.0.3:8080' });
    return judge(closeWaitLeak, series([spaceSeries([{ sockets }])]))[0]?.fixes[0]?.text;
  };
  expect(fix(1)).toMatch(/end of file was never read/);
  expect(fix(0)).toMatch(/close\(\) is missing/);
  // The end of file is one byte in the queue: a second one is data.
  expect(fix(2)).toMatch(/data that came before the end was never read/);
});

test('the last words of a database are no data that a reader waits for', () => {
  const fix = (receiveQueue: number) => {
    const sockets = tcpSockets(12, { state: CLOSE_WAIT, info: old, receiveQueue });
    return judge(closeWaitLeak, series([spaceSeries([{ sockets }])]))[0]?.fixes[0];
  };
  expect(fix(120)).toMatchObject({ where: "the pool's settings" });
  expect(fix(5000)?.text).toMatch(/data that came before the end was never read/);
});

test('look-alike: connections that nobody accepted, whose clients have given up', () => {
  const sockets = tcpSockets(50, { state: CLOSE_WAIT, info: old, inode: 0 });
  expect(judge(closeWaitLeak, series([spaceSeries([{ sockets }])]))).toEqual([]);
});

test('look-alike: closed a moment ago, in an orderly shutdown', () => {
  const sockets = tcpSockets(50, { state: CLOSE_WAIT, info: { lastAckReceivedMs: 300 } });
  expect(judge(closeWaitLeak, series([spaceSeries([{ sockets }])]))).toEqual([]);
});

test('look-alike: idle for an hour, and closed by the peer a moment ago', () => {
  const info = { lastReceivedMs: 3_600_000, lastSentMs: 3_600_000, lastAckReceivedMs: 300 };
  const sockets = tcpSockets(50, { state: CLOSE_WAIT, info });
  expect(judge(closeWaitLeak, series([spaceSeries([{ sockets }])]))).toEqual([]);
});

test('look-alike: half-closed by the peer, who still gets its answer', () => {
  const sockets = tcpSockets(150, { state: CLOSE_WAIT, info: { lastAckReceivedMs: 5, lastSentMs: 5 } });
  const samples = Array.from({ length: 70 }, () => ({ sockets }));
  expect(judge(closeWaitLeak, series([spaceSeries(samples)]))).toEqual([]);
  const queued = sockets.map((socket) => ({ ...socket, info: old, sendQueue: 4096 }));
  expect(judge(closeWaitLeak, series([spaceSeries([{ sockets: queued }])]))).toEqual([]);
});

test('with keepalive answers coming in, the looks tell the age', () => {
  const sockets = tcpSockets(12, { state: CLOSE_WAIT, info: { lastAckReceivedMs: 9000, lastSentMs: 90_000 } });
  // Beside as many that work: it is no pool that the server has ended.
  const all = [...sockets, ...tcpSockets(13, { state: ESTABLISHED })];
  const looks = (count: number) => series([spaceSeries(Array.from({ length: count }, () => ({ sockets: all })))]);
  expect(judge(closeWaitLeak, looks(61))).toMatchObject([{ severity: 'warning' }]);
  expect(judge(closeWaitLeak, looks(60))).toEqual([]);
});

test('more at each of six looks are critical, however young; at five they are not yet', () => {
  const growth = (...counts: number[]) =>
    series([
      spaceSeries(
        counts.map((count) => ({
          sockets: tcpSockets(count, { state: CLOSE_WAIT, info: { lastAckReceivedMs: 500, lastSentMs: 600 } }),
        })),
      ),
    ]);
  expect(judge(closeWaitLeak, growth(10, 20, 30, 40, 50, 60))).toMatchObject([{ severity: 'critical' }]);
  expect(judge(closeWaitLeak, growth(10, 20, 30, 40, 50))).toEqual([]);
});
