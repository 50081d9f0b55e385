import { expect, test } from 'vitest';
import { halfClosedHeld } from '../../../../src/doctor/rules/server/half-closed-held.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { judge, series, spaceSeries, tcpSockets } from '../../../support/series.ts';

const { FIN_WAIT2 } = TCP_STATE;
const old = { lastAckReceivedMs: 120_000, lastReceivedMs: 130_000 };
const judged = (...looks: ReturnType<typeof tcpSockets>[]) =>
  judge(halfClosedHeld, series([spaceSeries(looks.map((sockets) => ({ sockets })))]));

test('twenty that were silent for two minutes are a warning; nineteen, or younger ones, are nothing', () => {
  expect(judged(tcpSockets(20, { state: FIN_WAIT2, info: old }))).toMatchObject([
    { rule: 'HALF_CLOSED_HELD', severity: 'warning', about: 'peer 10.0.0.3:3306' },
  ]);
  expect(judged(tcpSockets(19, { state: FIN_WAIT2, info: old }))).toEqual([]);
  expect(judged(tcpSockets(20, { state: FIN_WAIT2, info: { ...old, lastAckReceivedMs: 119_999 } }))).toEqual([]);
});

test('look-alike: mini-sockets, which the kernel ends', () => {
  expect(judged(tcpSockets(500, { state: FIN_WAIT2, inode: 0, timer: 3 }))).toEqual([]);
});

test('look-alike: the answer is still coming, however long it takes', () => {
  const sockets = tcpSockets(50, { state: FIN_WAIT2, info: { lastAckReceivedMs: 10, lastReceivedMs: 10 } });
  expect(judged(...Array.from({ length: 130 }, () => sockets))).toEqual([]);
});
