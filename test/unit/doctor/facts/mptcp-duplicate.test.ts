import { expect, test } from 'vitest';
import { mptcpDuplicate } from '../../../../src/doctor/rules/facts/mptcp-duplicate.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { judge, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const seen = (...sockets: PlainSocket[]) => series([spaceSeries([{ sockets }])]);
const mptcp = tcpSocket({ inode: 77, proto: 'mptcp' });

test('an inode in both tables: the number of MPTCP sockets and of their rows in the TCP table', () => {
  expect(
    judge(mptcpDuplicate, seen(tcpSocket({ inode: 77 }), tcpSocket({ inode: 77 }), mptcp, tcpSocket())),
  ).toMatchObject([{ rule: 'MPTCP_DUPLICATE', severity: 'info', evidence: [{ value: 1 }, { value: 2 }] }]);
});

test('sockets without an inode in both tables: those with the same addresses and ports', () => {
  const both = [tcpSocket({ inode: 0 }), tcpSocket({ inode: 0, proto: 'mptcp' })];
  expect(judge(mptcpDuplicate, seen(...both))).toMatchObject([{ evidence: [{ value: 1 }, { value: 1 }] }]);
});

test('look-alike: TCP alone, MPTCP alone, and sockets without an inode', () => {
  expect(judge(mptcpDuplicate, seen(tcpSocket(), tcpSocket()))).toEqual([]);
  expect(judge(mptcpDuplicate, seen(mptcp, tcpSocket()))).toEqual([]);
  const other = tcpSocket({ inode: 0, proto: 'mptcp', peer: '10.0.0.3:3307' });
  expect(judge(mptcpDuplicate, seen(tcpSocket({ inode: 0 }), other))).toEqual([]);
});
