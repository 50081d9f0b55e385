import { expect, test } from 'vitest';
import { acceptStuck } from '../../../../src/doctor/rules/server/accept-stuck.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { judge, listener, type PlainSample, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const PROCESS = { pid: 4242, name: 'gunicorn' };
const held = { holders: [PROCESS], process: PROCESS };

/** Seven snapshots, 1.5 s apart, numbered from 0. */
function looks(sockets: (index: number) => readonly PlainSocket[]): PlainSample[] {
  return Array.from({ length: 7 }, (_, index) => ({
    atMs: Date.UTC(2026, 0, 1) + index * 1500,
    sockets: sockets(index),
  }));
}

const port = (waiting: number) => listener(8080, { receiveQueue: waiting, sendQueue: 128, ...held });

/** Connections in the queue of port 8080, by their cookies. */
const queued = (cookies: readonly number[]) =>
  cookies.map((cookie) =>
    tcpSocket({
      local: '10.0.0.2:8080',
      peer: `10.0.0.9:${cookie}`,
      cookie,
      inode: 0,
      receiveQueue: 67,
      info: { bytesReceived: 67, bytesSent: 0, lastReceivedMs: 12_000 },
    }),
  );

/** An accepted connection of port 8080. */
const accepted = (cookie: number, read: number, unread: number, sent = 0, process = PROCESS) =>
  tcpSocket({
    local: '10.0.0.2:8080',
    peer: `10.0.0.9:${cookie}`,
    cookie,
    receiveQueue: unread,
    info: { bytesReceived: read + unread, bytesSent: sent, lastReceivedMs: 12_000, lastSentMs: 12_500 },
    ...held,
    holders: [process],
    process,
  });

/** A request of the server to another one. */
const asks = (lastSentMs: number, lastReceivedMs: number, peer = '10.0.0.3:8081') =>
  tcpSocket({
    local: '10.0.0.2:40000',
    peer,
    cookie: 9000,
    info: { bytesSent: 145, bytesReceived: lastReceivedMs === 0 ? 0 : 300, lastSentMs, lastReceivedMs },
    ...held,
  });

const found = (sockets: (index: number) => readonly PlainSocket[]) =>
  judge(acceptStuck, series([spaceSeries(looks(sockets))]));

test('the same connections in the queue at every snapshot, and what the process waits for', () => {
  const [finding] = found((index) => [port(6), ...queued(index < 3 ? [1, 2, 3] : [1, 2, 3, 4, 5, 6]), asks(11_000, 0)]);
  expect(finding).toMatchObject({ severity: 'critical', about: 'port 8080', confidence: 'high' });
  expect(finding?.summary).toBe(
    'port 8080 has stood still for 9 s: 6 connections not accepted; it waits for 10.0.0.3:8081, which has not answered 1 request for 11 s',
  );
  expect(finding?.fixes[0]?.text).toContain('call 10.0.0.3:8081 with a timeout');
  expect(finding?.evidence).toContainEqual(
    expect.objectContaining({ what: 'the oldest of them waits for', value: 12_000 }),
  );
});

test('few connections are a warning; without anything that it waits for the fix says how to look', () => {
  const [finding] = found(() => [port(2), ...queued([1, 2]), asks(11_000, 10_000)]);
  expect(finding).toMatchObject({ severity: 'warning' });
  expect(finding?.summary).not.toContain('waits for');
  expect(finding?.fixes[0]?.snippet).toBe('py-spy dump --pid 4242');
});

test('a request to its own port', () => {
  const [finding] = found(() => [port(2), ...queued([1, 2]), asks(11_000, 0, '127.0.0.1:8080')]);
  expect(finding?.summary).toContain('it waits for itself: 1 request to its own port');
  expect(finding?.server).toBeUndefined();
});

test('accepted connections with the same unread requests: the process reads nothing', () => {
  const [finding] = found(() => [port(0), accepted(1, 100, 22), accepted(2, 100, 22), accepted(3, 17, 0)]);
  expect(finding?.summary).toBe('port 8080 has stood still for 9 s: 2 requests not read');
  expect(finding?.evidence).toContainEqual(
    expect.objectContaining({ what: 'requests that were read and have no answer' }),
  );
});

test('the only connection of a process counts where nothing was ever read of it', () => {
  expect(found(() => [port(0), accepted(1, 0, 22)])).toHaveLength(1);
  // A backend of PostgreSQL that works, whose client said goodbye meanwhile.
  expect(found(() => [port(0), accepted(1, 100, 5)])).toEqual([]);
});

test.each<[string, (index: number) => PlainSocket[]]>([
  ['a queue that moves', (index) => [port(3), ...queued([index, index + 1, index + 2])]],
  ['a queue that moves every few seconds', (index) => [port(3), ...queued(index < 4 ? [1, 2, 3] : [2, 3, 4])]],
  ['a worker that was busy for a moment', (index) => [port(index < 2 ? 2 : 0), ...(index < 2 ? queued([1, 2]) : [])]],
  [
    'requests that are read one after the other',
    (index) => [port(0), accepted(1, 100, 22), accepted(2, 80 + index, 22)],
  ],
  [
    'answers on another connection',
    (index) => [port(0), accepted(1, 100, 22), accepted(2, 1, 22), accepted(3, 9, 0, index)],
  ],
  [
    'connections that are accepted',
    (index) => [port(0), accepted(1, 100, 22), accepted(2, 1, 22), accepted(10 + index, 9, 0)],
  ],
  ['long polls: their requests were read', () => [port(0), accepted(1, 100, 0), accepted(2, 100, 0)]],
  ['one unread byte each', () => [port(0), accepted(1, 100, 1), accepted(2, 100, 1)]],
])('look-alike: %s', (_, sockets) => {
  expect(found(sockets)).toEqual([]);
});

test('look-alike: no descriptor left', () => {
  const samples = looks(() => [port(2), ...queued([1, 2])]).map((sample) => ({
    ...sample,
    processes: [{ ...PROCESS, startTicks: 1, used: 64, softLimit: 64, hardLimit: 64 }],
  }));
  expect(judge(acceptStuck, series([spaceSeries(samples)]))).toEqual([]);
});

test('look-alike: a server at its own limit, whose clients are idle', () => {
  const idle = (cookie: number) =>
    tcpSocket({
      local: '10.0.0.2:8080',
      peer: `10.0.0.9:${cookie}`,
      cookie,
      info: { bytesReceived: 29, bytesSent: 69, lastReceivedMs: 12_000, lastSentMs: 11_990 },
      ...held,
    });
  expect(found(() => [port(2), ...queued([1, 2]), idle(3), idle(4), idle(5)])).toEqual([]);
});

test('what waits for a PostgreSQL whose sessions wait for a lock: the lock is what to look at', () => {
  const postgres = { pid: 9, name: 'postgres' };
  const samples = looks(() => [
    port(3),
    ...queued([1, 2, 3]),
    asks(9000, 12_000, '127.0.0.1:5432'),
    listener(5432, { holders: [postgres] }),
  ]);
  const of = (waitingForLock: number) => {
    const sessions = { idleInTransaction: 1, waitingForLock };
    const facts = { pid: 9, startTicks: 1, libraries: [], settings: [], absent: [] };
    const stacks = [{ ...facts, stack: 'PostgreSQL' as const, sessions }];
    return judge(acceptStuck, series([spaceSeries(samples)], { stacks }))[0];
  };
  expect(of(1)?.summary).toContain('1 session of that database waits for a lock');
  expect(of(1)?.fixes[0]).toMatchObject({ where: 'PostgreSQL', text: expect.stringContaining('lock_timeout') });
  expect(of(0)?.fixes[0]).toMatchObject({ where: 'the application' });
});
