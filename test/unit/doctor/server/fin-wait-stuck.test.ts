import { expect, test } from 'vitest';
import { finWaitStuck } from '../../../../src/doctor/rules/server/fin-wait-stuck.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { judge, series, spaceSeries, tcpSocket, tcpSockets } from '../../../support/series.ts';

const orphan = { state: TCP_STATE.FIN_WAIT1 as number, inode: 0, timer: 1, retransmits: 2, sendQueue: 101 };
const judged = (sockets: ReturnType<typeof tcpSockets>) => judge(finWaitStuck, series([spaceSeries([{ sockets }])]));

test('a hundred in a namespace are a warning, and their peer is named; one fewer is nothing', () => {
  expect(judged(tcpSockets(100, orphan))).toMatchObject([
    {
      rule: 'FIN_WAIT_STUCK',
      severity: 'warning',
      about: 'peer 10.0.0.3:3306',
      summary: expect.stringContaining('100 closed'),
    },
  ]);
  expect(judged(tcpSockets(99, orphan))).toEqual([]);
});

test('LAST_ACK and CLOSING count with them', () => {
  const { LAST_ACK, CLOSING } = TCP_STATE;
  expect(
    judged([...tcpSockets(50, { ...orphan, state: LAST_ACK }), ...tcpSockets(50, { ...orphan, state: CLOSING })]),
  ).toHaveLength(1);
});

test('look-alike: FIN_WAIT2 mini-sockets, which tcp_fin_timeout ends', () => {
  expect(judged(tcpSockets(500, { state: TCP_STATE.FIN_WAIT2, inode: 0, timer: 3 }))).toEqual([]);
});

test('look-alike: closing now, nothing sent twice; or a process still holds them', () => {
  expect(judged(tcpSockets(500, { ...orphan, retransmits: 0 }))).toEqual([]);
  expect(judged(tcpSockets(500, { ...orphan, inode: 5 }))).toEqual([]);
});

test('look-alike: some of thousands of visitors from everywhere are always lost', () => {
  const visitors = (count: number, parts: object) =>
    Array.from({ length: count }, (_, index) =>
      tcpSocket({ local: '10.0.0.2:443', peer: `203.0.${index >> 8}.${index & 255}:50000`, ...parts }),
    );
  expect(judged([...visitors(120, orphan), ...visitors(3000, {})])).toEqual([]);
  expect(judged([...visitors(160, orphan), ...visitors(3000, {})])).toHaveLength(1);
  // One peer is another matter.
  expect(judged([...tcpSockets(120, orphan), ...visitors(3000, {})])).toHaveLength(1);
});
