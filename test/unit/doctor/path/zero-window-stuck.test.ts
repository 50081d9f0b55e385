import { expect, test } from 'vitest';
import { zeroWindowStuck } from '../../../../src/doctor/rules/path/zero-window-stuck.ts';
import type { TcpInfo } from '../../../../src/model/socket/tcp-info.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { judge, listener, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

/** A connection as the domain reference saw it: everything unsent, the window closed. */
function stuck(info: TcpInfo = {}, parts: Partial<Omit<PlainSocket, 'local' | 'peer'>> = {}) {
  const closed = { sendWindowBytes: 0, lastSentMs: 6000, backoff: 4, busyTimeUs: 100, receiveWindowLimitedUs: 99 };
  return tcpSocket({ timer: 4, sendQueue: 3_700_000, retransmits: 1, ...parts, info: { ...closed, ...info } });
}

function look(...sockets: PlainSocket[]) {
  return series([spaceSeries([{ sockets }])]);
}

test.each([
  [4999, []],
  [5000, ['warning']],
  [59_999, ['warning']],
  [60_000, ['critical']],
])('closed for %i ms', (lastSentMs, severities) => {
  expect(judge(zeroWindowStuck, look(stuck({ lastSentMs }))).map(({ severity }) => severity)).toEqual(severities);
});

test('says who does not read, and what waits', () => {
  expect(judge(zeroWindowStuck, look(stuck(), stuck()))).toMatchObject([
    {
      about: 'peer 10.0.0.3:3306',
      confidence: 'high',
      summary: '2 connections with 10.0.0.3:3306: the peer has read nothing for 6 s, 7400000 bytes wait to be sent',
    },
  ]);
});

test('unanswered probes count as well as answered ones', () => {
  expect(judge(zeroWindowStuck, look(stuck({ backoff: 0 }, { retransmits: 3 })))).toHaveLength(1);
});

test('the time may be that of the looks', () => {
  const samples = Array.from({ length: 7 }, () => ({ sockets: [stuck({ lastSentMs: 0 }, { cookie: 9 })] }));
  expect(judge(zeroWindowStuck, series([spaceSeries(samples)]))).toHaveLength(1);
  expect(judge(zeroWindowStuck, series([spaceSeries(samples.slice(0, 5))]))).toEqual([]);
});

test.each([
  ['two probes', stuck({ backoff: 2 })],
  ['look-alike: a window that is merely small', stuck({ sendWindowBytes: 512 })],
  ['look-alike: losses, not a closed window', stuck({}, { timer: 1 })],
  ['nothing waits', stuck({}, { sendQueue: 0 })],
])('quiet: %s', (_, socket) => {
  expect(judge(zeroWindowStuck, look(socket))).toEqual([]);
});

test("look-alike: a visitor's browser pauses a download: information, of a server's clients from outside alone", () => {
  const at = (peer: string) => {
    const info = { sendWindowBytes: 0, lastSentMs: 90_000, backoff: 4 };
    const paused = tcpSocket({ local: '10.0.0.2:443', peer, timer: 4, sendQueue: 90_000, retransmits: 1, info });
    return judge(zeroWindowStuck, look(listener(443), paused)).map(({ severity }) => severity);
  };
  expect(at('203.0.113.9:50000')).toEqual(['info']);
  expect(at('10.0.0.9:50000')).toEqual(['critical']);
});

test('a server closes clients that do not read; a client looks at its server', () => {
  const info = { sendWindowBytes: 0, lastSentMs: 90_000, backoff: 4 };
  const client = tcpSocket({ local: '10.0.0.2:443', peer: '10.0.0.9:50000', timer: 4, sendQueue: 90_000, info });
  expect(judge(zeroWindowStuck, look(listener(443), client))[0]?.fixes[0]).toMatchObject({
    where: 'the application here',
    text: expect.stringContaining('deadline'),
  });
  expect(judge(zeroWindowStuck, look(stuck()))[0]?.fixes[0]).toMatchObject({ where: 'the reader at the other end' });
});

test('look-alike: the peer is a proxy here, whose own client is slow: information', () => {
  const info = { sendWindowBytes: 0, lastSentMs: 90_000, backoff: 4 };
  const sender = { pid: 8, name: 'node' };
  const proxy = { pid: 7, name: 'nginx' };
  const judged = (clientQueue: number) =>
    judge(
      zeroWindowStuck,
      look(
        listener(8080, { process: sender }),
        tcpSocket({
          local: '127.0.0.1:8080',
          peer: '127.0.0.1:40000',
          timer: 4,
          sendQueue: 9000,
          info,
          process: sender,
        }),
        tcpSocket({ local: '127.0.0.1:40000', peer: '127.0.0.1:8080', receiveQueue: 9000, inode: 5, process: proxy }),
        tcpSocket({ local: '10.0.0.2:80', peer: '10.0.0.9:50000', sendQueue: clientQueue, inode: 6, process: proxy }),
      ),
    ).map(({ severity }) => severity);
  expect(judged(90_000)).toEqual(['info']);
  expect(judged(0)).toEqual(['critical']);
});
