import { describe, expect, test } from 'vitest';
import { slowReader } from '../../../../src/doctor/rules/path/slow-reader.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { judge, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

/** One connection at a look for each of its receive queues, with a buffer of 128 KiB. */
function unread(queues: readonly number[], parts: Partial<Omit<PlainSocket, 'local' | 'peer'>> = {}) {
  const samples = queues.map((receiveQueue) => ({
    sockets: [tcpSocket({ cookie: 5, receiveQueue, receiveBufferBytes: 131_072, ...parts })],
  }));
  return series([spaceSeries(samples)]);
}

test('half the buffer unread at two looks', () => {
  expect(judge(slowReader, unread([65_536, 65_536]))).toMatchObject([
    {
      severity: 'warning',
      about: 'peer 10.0.0.3:3306',
      summary: '1 connection with 10.0.0.3:3306: 65536 unread bytes',
    },
  ]);
});

test('a closed window, whatever the buffer', () => {
  const closed = { info: { receiveWindowBytes: 0 } };
  expect(judge(slowReader, unread([100, 100], closed))).toMatchObject([
    { summary: expect.stringContaining('1 had to close the window') },
  ]);
});

test('in CLOSE_WAIT as well: the peer has sent all and is gone', () => {
  expect(judge(slowReader, unread([70_000, 70_000], { state: TCP_STATE.CLOSE_WAIT }))).toHaveLength(1);
});

test.each([
  ['look-alike: a burst, read by the next look', unread([131_072, 0])],
  ['look-alike: a burst at the last look', unread([0, 131_072])],
  ['not enough looks', unread([131_072])],
  ['less than half', unread([65_535, 65_535])],
  ["nobody accepted the connection: the fault is the listener's", unread([70_000, 70_000], { inode: 0 })],
  ['a listener', unread([900_000, 900_000], { state: TCP_STATE.LISTEN, peerPort: 0 })],
])('quiet: %s', (_, seen) => {
  expect(judge(slowReader, seen)).toEqual([]);
});

describe('what it reads between two looks a second apart', () => {
  /** The buffer is full at both looks; so many bytes came meanwhile. */
  function reading(bytes: number) {
    const at = (bytesReceived: number) => ({
      sockets: [tcpSocket({ cookie: 5, receiveQueue: 100_000, receiveBufferBytes: 131_072, info: { bytesReceived } })],
    });
    return series([spaceSeries([at(0), at(bytes)])]);
  }

  test('less than lies there: slow', () => {
    expect(judge(slowReader, reading(0))).toHaveLength(1);
    expect(judge(slowReader, reading(100_000))).toHaveLength(1);
  });

  test('look-alike: a stream at full speed, whose buffer is always full', () => {
    expect(judge(slowReader, reading(100_001))).toEqual([]);
    expect(judge(slowReader, reading(1_000_000_000))).toEqual([]);
  });
});

test('a buffer that is full by memory, though the payload is a seventh of it', () => {
  const [finding] = judge(slowReader, unread([18_000, 18_000], { receiveMemoryBytes: 131_072 }));
  expect(finding).toMatchObject({
    severity: 'warning',
    summary: '1 connection with 10.0.0.3:3306: 18000 unread bytes; small segments fill a buffer with overhead',
  });
  expect(finding?.evidence).toContainEqual(
    expect.objectContaining({ what: 'memory of its unread segments', value: 131_072 }),
  );
});

test.each([
  ['four fifths of the memory', unread([18_000, 18_000], { receiveMemoryBytes: 104_000 })],
  ['full once', unread([0, 18_000], { receiveMemoryBytes: 131_072 })],
])('quiet, by memory: %s', (_, seen) => {
  expect(judge(slowReader, seen)).toEqual([]);
});

test('look-alike: it passes on as fast as its own peers take it: information', () => {
  const process = { pid: 7, name: 'nginx' };
  const reading = tcpSocket({ cookie: 5, inode: 5, receiveQueue: 65_536, receiveBufferBytes: 131_072, process });
  const sending = (sendQueue: number) =>
    tcpSocket({ local: '10.0.0.2:80', peer: '10.0.0.9:50000', cookie: 6, inode: 6, sendQueue, process });
  const judged = (...queues: number[]) =>
    judge(slowReader, series([spaceSeries(queues.map((queue) => ({ sockets: [reading, sending(queue)] })))]));
  expect(judged(90_000, 90_000)).toMatchObject([{ severity: 'info' }]);
  expect(judged(0, 90_000)).toMatchObject([{ severity: 'warning' }]);
  expect(judged(0, 0)).toMatchObject([{ severity: 'warning' }]);
});

test('a reader that reads all the time, and everything within seconds, is slow and no fault', () => {
  /** Reads so much between the snapshots, while its queue stays full. */
  const reading = (...reads: number[]) => {
    let received = 1_000_000;
    const samples = [0, ...reads].map((read) => {
      received += read;
      const info = { bytesReceived: received, receiveWindowBytes: 4096 };
      return { sockets: [tcpSocket({ cookie: 5, receiveQueue: 131_072, receiveBufferBytes: 131_072, info })] };
    });
    return judge(slowReader, series([spaceSeries(samples)]));
  };
  expect(reading(40_000, 40_000, 40_000)).toMatchObject([{ severity: 'info' }]);
  // It stopped for a while, or reads so little that the queue would take minutes.
  expect(reading(60_000, 0, 60_000)).toMatchObject([{ severity: 'warning' }]);
  expect(reading(1000, 1000, 1000)).toMatchObject([{ severity: 'warning' }]);
});
