import { expect, test } from 'vitest';
import { countSubflows, countsByName, stateLines } from '../../../src/guard/state-counts.ts';
import { TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import { type PlainSocket, storedSockets } from '../../support/plain-socket.ts';
import { listener, tcpSocket, unixSocket } from '../../support/series.ts';

const countsOf = (...sockets: PlainSocket[]) => countSubflows(storedSockets(sockets));

test('TCP by state, UDP together; RAW and UNIX sockets are not counted', () => {
  const udp = tcpSocket({ proto: 'udp' });
  const raw = tcpSocket({ proto: 'raw', state: TCP_STATE.CLOSE });
  expect(countsByName(countsOf(listener(80), tcpSocket(), tcpSocket(), udp, raw, unixSocket()))).toEqual({
    LISTEN: 1,
    ESTABLISHED: 2,
    UDP: 1,
  });
});

test('an MPTCP connection counts the same whether or not a snapshot has the MPTCP socket', () => {
  const subflows = [tcpSocket({ inode: 7 }), tcpSocket({ inode: 7 })];
  expect(countsOf(...subflows.map((socket) => ({ ...socket, proto: 'mptcp' as const })), ...subflows)).toEqual(
    countsOf(...subflows),
  );
});

test('lines have a count for every snapshot, 0 for an absent state', () => {
  const snapshots = [
    { atMs: 1000, counts: countsOf(tcpSocket()) },
    { atMs: 2000, counts: countsOf(tcpSocket(), tcpSocket({ state: TCP_STATE.CLOSE_WAIT })) },
  ];
  expect(stateLines('web', snapshots, 1000)).toEqual({
    target: 'web',
    times: [0, 1000],
    states: { ESTABLISHED: [1, 1], CLOSE_WAIT: [0, 1] },
  });
});
