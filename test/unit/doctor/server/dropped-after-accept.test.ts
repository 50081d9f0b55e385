import { expect, test } from 'vitest';
import { droppedAfterAccept } from '../../../../src/doctor/rules/server/dropped-after-accept.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import {
  judge,
  listener,
  type PlainSample,
  START_MS,
  series,
  spaceSeries,
  tcpSocket,
} from '../../../support/series.ts';

const server = (name: string) => ({ holders: [{ pid: 4242, name }], process: { pid: 4242, name } });

/** Ends at port 8080 that one sample reports. */
const ends = (count: number, dropped: number) =>
  closedGroup(count, { role: 'server', localPort: 8080, peerPort: 0, dropped, endedHere: dropped });

/** Six snapshots a second apart of a server that keeps so many connections, and drops some between them. */
const looks = (name: string, kept: (index: number) => number, dropped: number, count = dropped): PlainSample[] =>
  Array.from({ length: 6 }, (_, index) => ({
    atMs: START_MS + index * 1000,
    sockets: [
      listener(8080, server(name)),
      ...Array.from({ length: kept(index) }, (_none, at) =>
        tcpSocket({
          local: '10.0.0.2:8080',
          peer: `10.0.0.9:${1000 + at}`,
          cookie: 1000 + at,
          info: { bytesReceived: 29, bytesSent: 69, lastReceivedMs: 9000, lastSentMs: 8990 },
          ...server(name),
        }),
      ),
    ],
    closed: [ends(count, dropped)],
  }));

const found = (samples: PlainSample[]) => judge(droppedAfterAccept, series([spaceSeries(samples)]));

test('a flat number is kept and others are dropped: the limit of the program', () => {
  const [finding] = found(looks('nginx', () => 31, 20));
  expect(finding).toMatchObject({ severity: 'critical', confidence: 'high', about: 'port 8080' });
  expect(finding?.summary).toBe(
    'nginx accepted 120 connections on port 8080 and dropped them at once, unheard: it keeps 31, probably its limit, worker_connections',
  );
  expect(finding?.fixes[0]).toMatchObject({ where: 'nginx.conf', snippet: 'events { worker_connections N; }' });
  expect(finding?.evidence).toContainEqual(
    expect.objectContaining({ what: 'who holds those that it keeps', value: '31 of 10.0.0.9; 31 of them idle' }),
  );
});

test('the fix names the process that fills it, where that is watched', () => {
  const client = Array.from({ length: 6 }, () => ({
    sockets: Array.from({ length: 31 }, (_none, at) =>
      tcpSocket({
        local: `10.0.0.9:${1000 + at}`,
        peer: '10.0.0.2:8080',
        cookie: 2000 + at,
        process: { pid: 77, name: 'celery' },
      }),
    ),
  }));
  const worker = spaceSeries(client, { netns: 2, name: 'worker', targets: ['worker'], containers: [] });
  const [finding] = judge(droppedAfterAccept, series([spaceSeries(looks('redis-server', () => 31, 20)), worker]));
  expect(finding?.fixes).toMatchObject([
    {
      where: 'redis.conf',
      text: expect.stringMatching(/^worker \(77\/celery\) holds all 31 connections: .*maxclients/),
    },
    { text: expect.stringMatching(/^worker \(77\/celery\) holds all 31 connections: /) },
  ]);
  expect(finding?.evidence).toContainEqual(
    expect.objectContaining({ value: '31 of worker (77/celery); 31 of them idle' }),
  );
});

test('everyone is dropped: no limit', () => {
  const [finding] = found(looks('redis-server', () => 0, 5));
  expect(finding).toMatchObject({ severity: 'warning', confidence: 'high' });
  expect(finding?.summary).toContain('it keeps none (protected mode, probably)');
  expect(finding?.fixes[0]?.text).not.toContain('maxclients');
});

test('some are dropped at a number that changes: less sure', () => {
  const [finding] = found(looks('server', (index) => 10 + index * 5, 5));
  expect(finding).toMatchObject({ confidence: 'medium' });
  expect(finding?.summary).toContain('its log says why');
});

test('as its clients see it, where the server is not watched', () => {
  const samples = Array.from({ length: 3 }, () => ({
    sockets: [],
    closed: [closedGroup(6, { dropped: 6, peerPort: 8080 })],
  }));
  expect(found(samples)).toMatchObject([
    {
      severity: 'warning',
      confidence: 'medium',
      about: 'peer 10.0.0.3:8080',
      summary: expect.stringContaining('accepted 18 connections'),
    },
  ]);
});

test.each([
  ['short answers, health checks and echoes: nothing is dropped unheard', looks('nginx', () => 31, 0, 50)],
  ['a few', looks('nginx', () => 31, 1)],
])('look-alike: %s', (_, samples) => {
  expect(found(samples)).toEqual([]);
});

test('look-alike: the clients of a server that is watched itself', () => {
  const client = Array.from({ length: 3 }, () => ({
    sockets: [tcpSocket({ local: '10.0.0.2:40000', peer: '10.0.0.3:8080' })],
    closed: [closedGroup(6, { dropped: 6, peerPort: 8080 })],
  }));
  const its = Array.from({ length: 3 }, () => ({ sockets: [listener(8080, { local: '10.0.0.3:8080' })] }));
  const both = [spaceSeries(client), spaceSeries(its, { netns: 2, name: 'its', targets: ['its'], containers: [] })];
  expect(judge(droppedAfterAccept, series(both))).toEqual([]);
});
