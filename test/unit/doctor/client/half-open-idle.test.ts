import { expect, test } from 'vitest';
import { halfOpenIdle } from '../../../../src/doctor/rules/client/half-open-idle.ts';
import { container, judge, series, spaceSeries, tcpSockets } from '../../../support/series.ts';

const far = { peer: '52.1.2.3:443', process: { pid: 3, name: 'node' } };
const silent = { lastSentMs: 400_000, lastReceivedMs: 400_000, lastAckReceivedMs: 400_000 };

function seen(count: number, parts: Parameters<typeof tcpSockets>[1] = {}) {
  return judge(
    halfOpenIdle,
    series([spaceSeries([{ sockets: tcpSockets(count, { ...far, info: silent, ...parts }) }])]),
  );
}

test('five that have been silent for more than 350 s are a warning, four are not', () => {
  expect(seen(5)).toMatchObject([
    { rule: 'HALF_OPEN_IDLE', severity: 'warning', about: 'port 443', scope: { pid: 3 } },
  ]);
  expect(seen(4)).toEqual([]);
});

test('a keepalive that is rarer than the device forgets does not help', () => {
  expect(seen(5, { timer: 2, timerExpiresMs: 6_800_000 })).toHaveLength(1);
});

test('look-alike: idle, but keepalives are answered', () => {
  const info = { ...silent, lastAckReceivedMs: 12_000 };
  expect(seen(5, { timer: 2, timerExpiresMs: 3_000, info })).toEqual([]);
});

test('look-alike: the peer sends keepalives', () => {
  const looks = [0, 1].map((look) => ({
    sockets: tcpSockets(5, { ...far, info: { ...silent, segmentsIn: 10 + look } }).map((socket, index) => ({
      ...socket,
      cookie: index + 1,
    })),
  }));
  expect(judge(halfOpenIdle, series([spaceSeries(looks)]))).toEqual([]);
});

test('look-alikes: loopback, a neighbour on the same link, a container of this host', () => {
  expect(seen(9, { peer: '127.0.0.1:443' })).toEqual([]);
  expect(seen(9, { peer: '10.0.0.77:443' })).toEqual([]);
  const db = container({ name: 'db', addresses: [{ network: 'back', address: '52.1.2.3' }] });
  const namespace = spaceSeries([{ sockets: tcpSockets(9, { ...far, info: silent }) }]);
  expect(judge(halfOpenIdle, series([namespace], { containers: [db] }))).toEqual([]);
});

test('look-alike: idle for a minute, or something is on the way', () => {
  expect(seen(9, { info: { ...silent, lastReceivedMs: 60_000 } })).toEqual([]);
  expect(seen(9, { sendQueue: 10, timer: 1 })).toEqual([]);
});
