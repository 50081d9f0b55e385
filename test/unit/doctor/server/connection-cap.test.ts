import { expect, test } from 'vitest';
import { connectionCap } from '../../../../src/doctor/rules/server/connection-cap.ts';
import type { StackSetting } from '../../../../src/model/stack/stack-facts.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import {
  judge,
  listener,
  type PlainSample,
  START_MS,
  series,
  spaceSeries,
  tcpSocket,
} from '../../../support/series.ts';

const PROCESS = { pid: 4242, name: 'haproxy' };
const held = { holders: [PROCESS], process: PROCESS };

/** Seven snapshots, 1.5 s apart. */
const looks = (sockets: (index: number) => readonly PlainSocket[]): PlainSample[] =>
  Array.from({ length: 7 }, (_, index) => ({ atMs: START_MS + index * 1500, sockets: sockets(index) }));

const port = (waiting: number) => listener(8080, { receiveQueue: waiting, sendQueue: 128, ...held });

/** Accepted connections with these cookies: idle, or with a request that has no answer. */
const accepted = (cookies: readonly number[], isIdle = true) =>
  cookies.map((cookie) =>
    tcpSocket({
      local: '10.0.0.2:8080',
      peer: `10.0.0.9:${cookie}`,
      cookie,
      info: { bytesReceived: 29, bytesSent: isIdle ? 69 : 0, lastReceivedMs: 12_000, lastSentMs: 11_990 },
      ...held,
    }),
  );

/** Cookies. */
const from = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

const found = (sockets: (index: number) => readonly PlainSocket[], value?: number) => {
  const setting: StackSetting = {
    name: 'maxconn',
    value: value ?? 0,
    of: 'global',
    proof: 'configuration file',
    path: '/h.cfg',
    line: 2,
  };
  const facts = {
    ...PROCESS,
    startTicks: 1,
    stack: 'HAProxy' as const,
    libraries: [],
    settings: [setting],
    absent: [],
  };
  return judge(connectionCap, series([spaceSeries(looks(sockets))], value === undefined ? {} : { stacks: [facts] }));
};

test('a flat number of idle connections while others wait, and the setting that says so', () => {
  const [finding] = found(() => [port(25), ...accepted(from(1, 60))], 60);
  expect(finding).toMatchObject({ severity: 'critical', confidence: 'high', about: 'port 8080' });
  expect(finding?.summary).toBe(
    'haproxy takes 60 connections on port 8080 and no more, while 25 wait to be accepted: 60 of them are idle',
  );
  expect(finding?.evidence).toContainEqual({
    what: 'its setting maxconn of global',
    value: 60,
    source: '/h.cfg:2 (configuration file)',
  });
  expect(finding?.evidence).toContainEqual(
    expect.objectContaining({ what: 'who holds them', value: '60 of 10.0.0.9' }),
  );
  expect(finding?.fixes[0]).toMatchObject({ where: 'haproxy.cfg', snippet: 'maxconn 85\ntimeout http-keep-alive N' });
});

test('without a known setting the same idle connections say it, less surely', () => {
  const [finding] = found(() => [port(2), ...accepted(from(1, 8))]);
  expect(finding).toMatchObject({ severity: 'warning', confidence: 'medium' });
});

test('at the number of its setting also where the connections change, or are busy', () => {
  const [finding] = found((index) => [port(3), ...accepted(from(1 + index * 10, 60), false)], 60);
  expect(finding?.summary).toContain('60 of them wait for an answer');
  expect(finding?.fixes[0]?.text).not.toContain('idle');
});

/** Requests of the process to an API, without an answer. */
const asking = (count: number) =>
  from(1, count).map((cookie) =>
    tcpSocket({
      local: `10.0.0.2:${40_000 + cookie}`,
      peer: '10.0.0.7:9090',
      cookie: 1000 + cookie,
      info: { bytesSent: 80, bytesReceived: 0, lastSentMs: 9_000, lastReceivedMs: 9_010 },
      ...held,
    }),
  );

test('workers at their number that all wait for one API are none, a proxy whose upstream is slow is one', () => {
  const at = (name: string) => {
    const sockets = [port(9), ...accepted(from(1, 6), false), ...asking(6)];
    return found(() => sockets.map((socket) => ({ ...socket, holders: [{ ...PROCESS, name }] })), 6);
  };
  expect(at('php-fpm8.2')).toEqual([]);
  expect(at('haproxy')).toHaveLength(1);
});

test.each<[string, (index: number) => PlainSocket[], number?]>([
  ['workers that are all busy', () => [port(9), ...accepted(from(1, 4), false)]],
  ['a full load: each connection has one request', (index) => [port(9), ...accepted(from(1 + index * 4, 4))]],
  ['idle connections, and nothing waits', () => [port(0), ...accepted(from(1, 60))], 60],
  ['a queue that was empty once', (index) => [port(index === 4 ? 0 : 9), ...accepted(from(1, 60))], 60],
  ['a number that grows', (index) => [port(9), ...accepted(from(1, 40 + index * 3))]],
  ['far below its setting, with connections that change', (index) => [port(1), ...accepted(from(index * 40, 30))], 60],
])('look-alike: %s', (_, sockets, value) => {
  expect(found(sockets, value)).toEqual([]);
});

test('no descriptor left is no limit of its own, unless the program computes it from one', () => {
  const samples = (name: string) => {
    const process = { pid: 4242, name };
    return looks(() => [
      listener(8080, { receiveQueue: 9, sendQueue: 128, holders: [process], process }),
      ...accepted(from(1, 77)),
    ]).map((sample) => ({
      ...sample,
      processes: [{ ...process, startTicks: 1, used: 100, softLimit: 100, hardLimit: 100 }],
    }));
  };
  expect(judge(connectionCap, series([spaceSeries(samples('python3'))]))).toEqual([]);
  const [finding] = judge(connectionCap, series([spaceSeries(samples('memcached'))]));
  expect(finding?.fixes[0]).toMatchObject({ where: 'memcached', snippet: 'memcached -c 109' });
});

/** A proxy with so many requests of its clients, of which it has passed on so many to 10.0.0.3:3000. */
const proxying = (asked: number, passed: number, value = 4, name = 'server maxconn') => {
  const setting: StackSetting = {
    name,
    value,
    of: 'listen web',
    proof: 'configuration file',
    path: '/h.cfg',
    line: 11,
  };
  const facts = {
    ...PROCESS,
    startTicks: 1,
    stack: 'HAProxy' as const,
    libraries: [],
    settings: [setting],
    absent: [],
  };
  const upstream = (at: number) =>
    tcpSocket({
      local: `10.0.0.2:${40_000 + at}`,
      peer: '10.0.0.3:3000',
      cookie: 5000 + at,
      info: { bytesSent: 62, bytesReceived: 0, lastSentMs: 300, lastReceivedMs: 300 },
      ...held,
    });
  const samples = looks(() => [port(0), ...accepted(from(1, asked), false), ...from(0, passed).map(upstream)]);
  return judge(connectionCap, series([spaceSeries(samples)], { stacks: [facts] }));
};

test('a proxy that passes on so many requests at a time, by its setting for the server', () => {
  const [finding] = proxying(60, 4);
  expect(finding).toMatchObject({ severity: 'warning', confidence: 'high', about: 'peer 10.0.0.3:3000' });
  expect(finding?.summary).toBe(
    'haproxy passes 4 requests at a time to 10.0.0.3:3000, its maxconn for that server, while 56 wait inside',
  );
});

test.each<[string, Parameters<typeof proxying>]>([
  ['every request was passed on', [60, 60, 60]],
  ['below the setting: many requests on one connection', [60, 1]],
  ['no such setting', [60, 4, 4, 'maxconn']],
  ['hardly anything waits', [6, 4]],
])('look-alike of a proxy: %s', (_, args) => {
  expect(proxying(...args)).toEqual([]);
});

/** A service with requests of its clients that wait for `waitedMs`, and four connections to 10.0.0.3:3000 in use. */
function capped(waitedMs: number, newestMs = 300, name = 'node') {
  const process = { pid: 4242, name };
  const of = { process, holders: [process] };
  const samples = Array.from({ length: 11 }, (_, index) => ({
    atMs: Date.UTC(2026, 0, 1) + index * 1000,
    sockets: [
      listener(8080, of),
      ...from(0, 40).map((at) =>
        tcpSocket({
          ...of,
          local: '10.0.0.2:8080',
          peer: `10.0.0.9:${50_000 + at}`,
          cookie: 9000 + at,
          info: { bytesReceived: 62, bytesSent: 0, lastReceivedMs: waitedMs, lastSentMs: 60_000 },
        }),
      ),
      ...from(0, 4).map((at) =>
        tcpSocket({
          ...of,
          local: `10.0.0.2:${40_000 + at}`,
          peer: '10.0.0.3:3000',
          cookie: 5000 + at,
          info: { bytesSent: 62, bytesReceived: 80, lastSentMs: newestMs, lastReceivedMs: newestMs + 100 },
        }),
      ),
    ],
  }));
  const stacks = [{ ...process, startTicks: 1, stack: 'Node.js' as const, libraries: [], settings: [], absent: [] }];
  return judge(connectionCap, series([spaceSeries(samples)], { stacks }));
}

test('a program whose connections to a server are all in use, and flat, while its requests wait for seconds', () => {
  const [finding] = capped(8000);
  expect(finding).toMatchObject({ severity: 'warning', confidence: 'medium', about: 'peer 10.0.0.3:3000' });
  expect(finding?.summary).toBe('node passes 4 requests at a time to 10.0.0.3:3000 and no more, while 36 wait inside');
  expect(finding?.fixes[0]).toMatchObject({ snippet: expect.stringContaining('maxSockets: N') });
});

test.each<[string, Parameters<typeof capped>]>([
  ['requests that wait for a moment', [300]],
  ['a server that answers nothing: that is what they wait for', [8000, 9000]],
  ['HAProxy, whose setting is read', [8000, 300, 'haproxy']],
])('look-alike of a cap inside: %s', (_, args) => {
  expect(capped(...args)).toEqual([]);
});
