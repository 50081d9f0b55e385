import { expect, test } from 'vitest';
import { deadPeerRetransmit } from '../../../../src/doctor/rules/client/dead-peer-retransmit.ts';
import { judge, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const sending = { timer: 1, sendQueue: 100, cookie: 77 };

/** Two looks, a second apart, at one connection. */
function seen(retransmits: number, parts: { lastAck?: [number, number] } & Parameters<typeof tcpSocket>[0] = {}) {
  const { lastAck = [6_000, 7_000], ...rest } = parts;
  const looks = lastAck.map((lastAckReceivedMs) => ({
    sockets: [tcpSocket({ ...sending, retransmits, info: { lastAckReceivedMs }, ...rest })],
  }));
  return judge(deadPeerRetransmit, series([spaceSeries(looks)]));
}

test('five retransmissions without an acknowledgement are a warning, eight critical, four nothing', () => {
  expect(seen(5)).toMatchObject([{ rule: 'DEAD_PEER_RETRANSMIT', severity: 'warning', about: 'peer 10.0.0.3:3306' }]);
  expect(seen(8)).toMatchObject([{ severity: 'critical' }]);
  expect(seen(4)).toEqual([]);
});

test('look-alike: loss that is repaired, acknowledgements come', () => {
  expect(seen(5, { lastAck: [6_000, 20] })).toEqual([]);
});

test('look-alikes: nothing is on the way, another timer runs', () => {
  expect(seen(5, { sendQueue: 0 })).toEqual([]);
  expect(seen(9, { timer: 4 })).toEqual([]);
});
