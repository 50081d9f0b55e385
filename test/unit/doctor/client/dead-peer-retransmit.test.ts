import { expect, test } from 'vitest';
import { deadPeerRetransmit } from '../../../../src/doctor/rules/client/dead-peer-retransmit.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
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

test('look-alike: loss that is repaired, acknowledgements come and the count begins again', () => {
  const [first, second] = [9, 5].map((retransmits) =>
    tcpSocket({ ...sending, retransmits, info: { lastAckReceivedMs: 20 } }),
  ) as [PlainSocket, PlainSocket];
  expect(judge(deadPeerRetransmit, series([spaceSeries([{ sockets: [first] }, { sockets: [second] }])]))).toEqual([]);
});

test('one snapshot: by the silence', () => {
  const at = (lastAckReceivedMs: number) => {
    const sockets = [tcpSocket({ ...sending, retransmits: 5, info: { lastAckReceivedMs } })];
    return judge(deadPeerRetransmit, series([spaceSeries([{ sockets }])]));
  };
  expect(at(6_000)).toHaveLength(1);
  expect(at(20)).toEqual([]);
});

test('look-alikes: nothing is on the way, another timer runs', () => {
  expect(seen(5, { sendQueue: 0 })).toEqual([]);
  expect(seen(9, { timer: 4 })).toEqual([]);
});

/** A connection that has sent the same again for a second, beside another one with the same address. */
function beside(lastAckReceivedMs: number, parts: Parameters<typeof tcpSocket>[0] = {}) {
  const info = { lastAckReceivedMs: 9_000, unackedSegments: 1, pathMtuBytes: 1500, ...parts.info };
  const waiting = tcpSocket({ ...sending, retransmits: 5, ...parts, info });
  const fine = tcpSocket({ cookie: 78, local: '10.0.0.2:40001', peer: '10.0.0.3:8080', info: { lastAckReceivedMs } });
  return judge(deadPeerRetransmit, series([spaceSeries([{ sockets: [waiting, fine] }, { sockets: [waiting, fine] }])]));
}

test('other connections were not heard from since either: the peer is gone', () => {
  expect(beside(1_000)).toMatchObject([
    {
      confidence: 'high',
      summary: '10.0.0.3:3306 has not acknowledged 100 bytes on 1 connection for up to 9 s: retransmitted 5 times',
    },
  ]);
});

test('the peer answers on other connections: these are cut on the way', () => {
  const [finding] = beside(999);
  expect(finding).toMatchObject({ severity: 'warning', confidence: 'medium', about: 'peer 10.0.0.3:3306' });
  expect(finding?.summary).toBe(
    '10.0.0.3:3306 is there, but has not acknowledged 100 bytes on 1 connection: retransmitted 5 times, while its address answers otherwise: something on the way drops these connections',
  );
});

test('the peer answers, and what is lost are large segments: PATH_MTU has it', () => {
  expect(beside(100, { sendQueue: 14_480, info: { unackedSegments: 10 } })).toEqual([]);
  // As many bytes of small requests.
  expect(beside(100, { sendQueue: 2000, info: { unackedSegments: 10 } })[0]?.summary).toContain('drops these');
});

test('the peer sends on the connection itself, and acknowledges nothing new', () => {
  const [finding] = beside(9_000, { info: { lastAckReceivedMs: 500, unackedSegments: 10 }, sendQueue: 5000 });
  expect(finding?.summary).toContain('is there, but has not acknowledged 5000 bytes');
});
