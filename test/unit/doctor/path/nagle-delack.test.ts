import { expect, test } from 'vitest';
import { nagleDelack } from '../../../../src/doctor/rules/path/nagle-delack.ts';
import type { TcpInfo } from '../../../../src/model/socket/tcp-info.ts';
import { judge, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

/** A small write waits while another one is in flight, on a connection whose smoothed time has the delay in it. */
const WAITING: TcpInfo = {
  notSentBytes: 100,
  unackedSegments: 1,
  congestionWindowSegments: 10,
  rttUs: 30_000,
  minRttUs: 60,
  atoUs: 40_000,
  pathMtuBytes: 1500,
};

/** One connection that has sent something more at each look. */
function looks(infos: readonly TcpInfo[], timer = 1) {
  const samples = infos.map((info, index) => ({
    sockets: [tcpSocket({ cookie: 2, timer, sendQueue: 200, info: { bytesSent: index * 200, ...info } })],
  }));
  return series([spaceSeries(samples)]);
}

test('three looks that found a small write waiting', () => {
  expect(judge(nagleDelack, looks([WAITING, WAITING, WAITING]))).toMatchObject([
    {
      severity: 'info',
      confidence: 'low',
      about: 'peer 10.0.0.3:3306',
      summary: '1 connection with 10.0.0.3:3306: small writes seem to wait about 40 ms for a delayed acknowledgement',
    },
  ]);
});

test('looks between two writes do not hide it', () => {
  const idle = { ...WAITING, notSentBytes: 0, unackedSegments: 0 };
  expect(judge(nagleDelack, looks([WAITING, WAITING, idle, WAITING, idle]))).toHaveLength(1);
});

test('newer kernels say that the timer of delayed acknowledgements runs', () => {
  const { atoUs: _, ...unsaid } = WAITING;
  expect(judge(nagleDelack, looks([unsaid, unsaid, unsaid], 5))).toHaveLength(1);
  expect(judge(nagleDelack, looks([unsaid, unsaid, unsaid]))).toEqual([]);
});

test.each([
  ['two looks', [WAITING, WAITING]],
  ['found at few looks', [WAITING, WAITING, WAITING, ...Array.from({ length: 4 }, () => ({ rttUs: 60 }))]],
  ['look-alike: a distant peer', [1, 2, 3].map(() => ({ ...WAITING, minRttUs: 25_000 }))],
  ['look-alike: a full congestion window', [1, 2, 3].map(() => ({ ...WAITING, congestionWindowSegments: 1 }))],
  ['look-alike: much to send', [1, 2, 3].map(() => ({ ...WAITING, notSentBytes: 60_000 }))],
  ['look-alike: one write that nobody acknowledges', [1, 2, 3].map(() => ({ ...WAITING, bytesSent: 9 }))],
])('quiet: %s', (_, infos) => {
  expect(judge(nagleDelack, looks(infos))).toEqual([]);
});
