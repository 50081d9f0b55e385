import { expect, test } from 'vitest';
import { synRecvFlood } from '../../../../src/doctor/rules/server/syn-recv-flood.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { judge, listener, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const halfOpen = (count: number, retransmits = 1) =>
  Array.from({ length: count }, (_, index) =>
    tcpSocket({
      local: '10.0.0.2:8080',
      peer: `10.9.0.1:${1024 + index}`,
      state: TCP_STATE.SYN_RECV,
      inode: 0,
      timer: 1,
      retransmits,
    }),
  );
const look = (count: number, retransmits = 1) => ({
  sockets: [listener(8080, { sendQueue: 100 }), ...halfOpen(count, retransmits)],
});
const cookies = (value: number) => ({ counters: { TcpExtSyncookiesSent: value } });

test('three quarters of the queue are a warning, fewer are nothing', () => {
  expect(judge(synRecvFlood, series([spaceSeries([look(75)])]))).toMatchObject([
    { rule: 'SYN_RECV_FLOOD', severity: 'warning', about: 'port 8080' },
  ]);
  expect(judge(synRecvFlood, series([spaceSeries([look(74)])]))).toEqual([]);
});

test('cookies sent are critical, and put down to the listener that is half full', () => {
  const samples = [
    { ...look(60), ...cookies(5) },
    { ...look(60), ...cookies(45) },
  ];
  expect(judge(synRecvFlood, series([spaceSeries(samples)]))).toMatchObject([
    {
      severity: 'critical',
      confidence: 'high',
      about: 'port 8080',
      summary: expect.stringContaining('40 SYN cookies'),
    },
  ]);
});

test('cookies that nobody can be named for are critical still', () => {
  const samples = [
    { ...look(0), ...cookies(5) },
    { ...look(0), ...cookies(6) },
  ];
  expect(judge(synRecvFlood, series([spaceSeries(samples)]))).toMatchObject([
    { severity: 'critical', confidence: 'medium' },
  ]);
});

test('cookies of long ago, or sent to everybody by setting, are nothing', () => {
  const samples = [
    { ...look(0), ...cookies(5) },
    { ...look(0), ...cookies(5) },
  ];
  expect(judge(synRecvFlood, series([spaceSeries(samples)]))).toEqual([]);
  const always = [
    { ...look(0), ...cookies(5) },
    { ...look(0), ...cookies(900) },
  ];
  expect(judge(synRecvFlood, series([spaceSeries(always, {}, { 'net.ipv4.tcp_syncookies': '2' })]))).toEqual([]);
});

test('look-alike: slow handshakes over a long way, none of which needed a second SYN-ACK', () => {
  const sockets = [listener(8080, { sendQueue: 3 }), ...halfOpen(3, 0)];
  expect(judge(synRecvFlood, series([spaceSeries([{ sockets }])]))).toEqual([]);
});

test('look-alike: a return path that drops acknowledgements; the clients are real', () => {
  const clients = Array.from({ length: 80 }, (_, index) =>
    tcpSocket({ local: `10.9.0.1:${1024 + index}`, peer: '10.0.0.2:8080' }),
  );
  const seen = series([spaceSeries([look(80)]), spaceSeries([{ sockets: clients }], { netns: 2, name: 'client' })]);
  expect(judge(synRecvFlood, seen)).toMatchObject([
    { severity: 'info', summary: expect.stringContaining('lost on the way') },
  ]);
});

test('look-alike: an accept queue that is full keeps handshakes half-open too', () => {
  const sockets = [listener(8080, { sendQueue: 3, receiveQueue: 4 }), ...halfOpen(4)];
  expect(judge(synRecvFlood, series([spaceSeries([{ sockets }])]))).toEqual([]);
});
