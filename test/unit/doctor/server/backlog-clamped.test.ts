import { expect, test } from 'vitest';
import { backlogClamped } from '../../../../src/doctor/rules/server/backlog-clamped.ts';
import type { ClosedGroup } from '../../../../src/model/sample/closed-group.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { processSample } from '../../../support/process-sample.ts';
import { judge, listener, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const child = tcpSocket({ local: '10.0.0.2:8080', peer: '10.0.0.9:50000' });
const seen = (sockets: PlainSocket[], somaxconn = '4096') =>
  series([spaceSeries([{ sockets }], {}, { 'net.core.somaxconn': somaxconn })]);

test('a queue shorter than 128 with traffic is information', () => {
  expect(judge(backlogClamped, seen([listener(8080, { sendQueue: 127 }), child]))).toMatchObject([
    {
      rule: 'BACKLOG_CLAMPED',
      severity: 'info',
      about: 'port 8080',
      summary: expect.stringContaining('asked for no more'),
    },
  ]);
  expect(judge(backlogClamped, seen([listener(8080, { sendQueue: 128 }), child]))).toEqual([]);
  expect(judge(backlogClamped, seen([listener(8080, { sendQueue: 5 })]))).toEqual([]);
});

test('connections that ended are traffic too', () => {
  const ended: ClosedGroup[] = [
    {
      proto: 'tcp',
      role: 'server',
      outcome: 'closed',
      peerAddress: '10.0.0.9',
      peerPort: 0,
      localPort: 8080,
      count: 3,
      shortLived: 3,
      greetedOnly: 0,
      silent: 0,
      bytesSent: 9,
      bytesReceived: 9,
      retransmits: 0,
    },
  ];
  expect(
    judge(backlogClamped, series([spaceSeries([{ sockets: [listener(8080, { sendQueue: 5 })], closed: ended }])])),
  ).toHaveLength(1);
});

test('a program that asks for more than the namespace allows is clamped', () => {
  const node = listener(8080, { sendQueue: 128, process: { pid: 7, name: 'node' } });
  expect(judge(backlogClamped, seen([node], '128'))).toMatchObject([
    { severity: 'info', summary: expect.stringMatching(/somaxconn of this namespace is 128 \(node asks for 511\)/) },
  ]);
  const go = listener(8080, { sendQueue: 128, process: { pid: 7, name: 'webhook' } });
  expect(judge(backlogClamped, seen([go], '128'))).toEqual([]);
});

test('where the same listener overflows it is the cause, and as bad', () => {
  expect(judge(backlogClamped, seen([listener(8080, { receiveQueue: 4, sendQueue: 3 }), child]))).toMatchObject([
    { severity: 'critical', about: 'port 8080' },
  ]);
});

test('a listener whose own drops rose between two snapshots is the cause too', () => {
  const looks = (drops: number, overflows: number) => ({
    counters: { TcpExtListenOverflows: overflows },
    sockets: [listener(8080, { sendQueue: 5, drops }), listener(9090, { sendQueue: 5, drops: 0 }), child],
  });
  const other = tcpSocket({ local: '10.0.0.2:9090', peer: '10.0.0.9:50001' });
  const samples = [looks(3, 3), looks(4, 4)].map((sample) => ({ ...sample, sockets: [...sample.sockets, other] }));
  expect(judge(backlogClamped, series([spaceSeries(samples)]))).toMatchObject([
    { severity: 'critical', about: 'port 8080' },
    { severity: 'info', about: 'port 9090' },
  ]);
});

test.each([
  ['look-alike: nothing is accepted, so that a longer backlog would fill up too', undefined],
  ['look-alike: no descriptor left to accept with', processSample({ used: 64, softLimit: 64 })],
])('%s', (_, process) => {
  const waiting = [1, 2, 3, 4].map((cookie) =>
    tcpSocket({ local: '10.0.0.2:8080', peer: `10.0.0.9:${cookie}`, cookie, inode: 0 }),
  );
  const look = (cookies: number) => ({
    sockets: [
      listener(8080, { receiveQueue: 4, sendQueue: 3, process: { pid: 4242, name: 'node' } }),
      ...waiting.slice(0, cookies),
    ],
    ...(process !== undefined && { processes: [process] }),
  });
  expect(judge(backlogClamped, series([spaceSeries([look(4), look(4), look(4)])]))).toEqual([]);
});
