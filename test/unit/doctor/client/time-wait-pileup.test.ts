import { expect, test } from 'vitest';
import { timeWaitPileup } from '../../../../src/doctor/rules/client/time-wait-pileup.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import { judge, series, spaceSeries, tcpSocket, tcpSockets } from '../../../support/series.ts';

const state = TCP_STATE.TIME_WAIT;
const hundred = { 'net.ipv4.ip_local_port_range': '40000 40099' };

test('60 % of the ports for one destination are a warning, less is not', () => {
  const waiting = (count: number) => series([spaceSeries([{ sockets: tcpSockets(count, { state }) }], {}, hundred)]);
  expect(judge(timeWaitPileup, waiting(60))).toMatchObject([{ severity: 'warning', about: 'peer 10.0.0.3:3306' }]);
  expect(judge(timeWaitPileup, waiting(59))).toEqual([]);
});

test('ten thousand are worth knowing; on the side of a server they take no ports', () => {
  const listener = tcpSocket({ local: '10.0.0.2:80', peer: '0.0.0.0:0', state: TCP_STATE.LISTEN });
  const sockets = Array.from({ length: 10_000 }, (_, index) =>
    tcpSocket({ local: '10.0.0.2:80', peer: `10.0.0.9:${20_000 + index}`, state }),
  );
  const [finding, ...more] = judge(timeWaitPileup, series([spaceSeries([{ sockets: [listener, ...sockets] }])]));
  expect(more).toEqual([]);
  expect(finding).toMatchObject({ severity: 'info' });
  expect(finding?.summary).toContain('memory only');
});

test('a full table is critical: the counter rose while we looked', () => {
  const counted = (...values: number[]) =>
    series([spaceSeries(values.map((value) => ({ counters: { TcpExtTCPTimeWaitOverflow: value } })))]);
  expect(judge(timeWaitPileup, counted(7, 12))).toMatchObject([{ severity: 'critical' }]);
  expect(judge(timeWaitPileup, counted(7, 7))).toEqual([]);
  expect(judge(timeWaitPileup, counted(7))).toEqual([]);
});

test('look-alike: the same number spread over two destinations', () => {
  const sockets = [...tcpSockets(50, { state }), ...tcpSockets(50, { state, peer: '10.0.0.4:3306' })];
  expect(judge(timeWaitPileup, series([spaceSeries([{ sockets }], {}, hundred)]))).toEqual([]);
});

test('the fix is in the words of the program that closed them, by the events', () => {
  const process = { pid: 9, name: 'nginx' };
  const samples = [
    { sockets: tcpSockets(60, { state, peer: '10.0.0.3:3000' }) },
    {
      sockets: tcpSockets(60, { state, peer: '10.0.0.3:3000' }),
      closed: [closedGroup(5, { outcome: 'failed', peerPort: 3000, process })],
    },
  ];
  expect(judge(timeWaitPileup, series([spaceSeries(samples, {}, hundred)]))).toMatchObject([
    { scope: { pid: 9 }, fixes: [{ where: 'nginx', snippet: expect.stringContaining('keepalive 32') }, {}, {}] },
  ]);
  const unknown = series([spaceSeries([{ sockets: tcpSockets(60, { state, peer: '10.0.0.3:3000' }) }], {}, hundred)]);
  expect(judge(timeWaitPileup, unknown)[0]?.fixes[0]).toMatchObject({ where: 'the application' });
});
