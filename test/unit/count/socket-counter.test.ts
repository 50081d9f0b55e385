import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { PeerCounter } from '../../../src/count/peer-counter.ts';
import { Roles } from '../../../src/count/roles.ts';
import {
  countByOwner,
  countSockets,
  NO_SOCKETS,
  SocketCounter,
  sumOfCounts,
} from '../../../src/count/socket-counter.ts';
import type { Sockstat } from '../../../src/model/netns/counters.ts';
import { stateName, TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import { TIMER } from '../../../src/model/socket/timers.ts';
import { type PlainSocket, storedSockets } from '../../support/plain-socket.ts';
import { records } from '../../support/random-records.ts';
import { listener, mapped, tcpSocket, unixSocket } from '../../support/series.ts';

const sources = (sockets: readonly PlainSocket[]) => storedSockets(sockets);
const SOCKSTAT: Sockstat = { tcp: 9, tcp6: 9, timeWait: 30, udp: 1, udp6: 2, udplite: 3, udplite6: 4, raw: 5, raw6: 6 };
const abandoned = () => tcpSocket({ state: TCP_STATE.FIN_WAIT2, timer: TIMER.TIME_WAIT });

describe('SocketCounter', () => {
  it('has the counts of a naive count, for any sockets, and so has a counter by peer', () => {
    fc.assert(
      fc.property(fc.array(records, { maxLength: 6 }), (lists) => {
        const sockets = lists.flat().filter(({ proto }) => proto !== 'mptcp');
        const of = (...protos: string[]) => sockets.filter(({ proto }) => protos.includes(proto));
        const byState: Record<string, number> = {};
        for (const { state } of of('tcp')) byState[stateName(state)] = (byState[stateName(state)] ?? 0) + 1;
        const expected = {
          total: of('tcp', 'udp', 'raw').length,
          tcp: of('tcp').length,
          udp: of('udp').length,
          raw: of('raw').length,
          unix: of('unix').length,
          byState,
        };
        expect(countSockets(sources(sockets)).counts()).toEqual(expected);
        const peers = new PeerCounter(new Roles(sources(sockets)));
        sources(sockets).each((socket) => peers.add(socket));
        expect(peers.totals().counts()).toEqual(expected);
      }),
    );
  });

  it('counts an MPTCP connection as its TCP socket, once', () => {
    const tcp = tcpSocket({ inode: 7 });
    const counter = new SocketCounter();
    const added: boolean[] = [];
    sources([{ ...tcp, proto: 'mptcp' }, tcp]).each((socket) => added.push(counter.add(socket)));
    expect(added).toEqual([true, false]);
    expect(counter.counts()).toMatchObject({ total: 1, tcp: 1, byState: { ESTABLISHED: 1 } });
  });

  it('counts an MPTCP connection without an inode by its addresses; one on other ports is another', () => {
    const unaccepted = tcpSocket({ inode: 0, local: '10.0.0.2:80', peer: '10.0.0.3:40000' });
    const other = tcpSocket({ inode: 0, local: '10.0.0.2:80', peer: '10.0.0.3:40001' });
    const swapped = tcpSocket({ inode: 0, local: '10.0.0.3:40000', peer: '10.0.0.2:80' });
    const counted = countSockets(sources([{ ...unaccepted, proto: 'mptcp' }, mapped(unaccepted), other, swapped]));
    expect(counted.counts()).toMatchObject({ total: 3, tcp: 3 });
  });

  it('puts both numbers of SYN_RECV together', () => {
    const states = [TCP_STATE.SYN_RECV, TCP_STATE.NEW_SYN_RECV];
    const sockets = states.map((state) => tcpSocket({ state }));
    expect(countSockets(sources(sockets)).counts().byState).toEqual({ SYN_RECV: 2 });
  });

  it('counts UNIX sockets apart from the total', () => {
    expect(countSockets(sources([unixSocket(), listener(80)])).counts()).toMatchObject({ total: 1, unix: 1 });
  });

  it('has counts of 0 without sockets', () => {
    expect(new SocketCounter().counts()).toEqual(NO_SOCKETS);
  });
});

describe('what a dump left out', () => {
  it('UDP and RAW sockets of both families are added from sockstat', () => {
    const counter = countSockets(sources([listener(80)]));
    expect(counter.counts(SOCKSTAT, { timeWait: false, datagrams: true })).toEqual({
      total: 22,
      tcp: 1,
      udp: 10,
      raw: 11,
      unix: 0,
      byState: { LISTEN: 1 },
    });
  });

  it('TIME_WAIT is added without the FIN_WAIT2 that sockstat has under it', () => {
    const counter = countSockets(sources([abandoned(), abandoned(), tcpSocket({ state: TCP_STATE.FIN_WAIT2 })]));
    const { total, byState } = counter.counts(SOCKSTAT, { timeWait: true, datagrams: false });
    expect(byState).toEqual({ FIN_WAIT2: 3, TIME_WAIT: 28 });
    expect(total).toBe(31);
  });

  it('is never negative, however late sockstat was read', () => {
    const counter = countSockets(sources([abandoned(), abandoned()]));
    const { byState } = counter.counts({ ...SOCKSTAT, timeWait: 1 }, { timeWait: true, datagrams: false });
    expect(byState).toEqual({ FIN_WAIT2: 2 });
  });

  it('is 0 where nothing was left out, and the counter does not change', () => {
    const counter = countSockets(sources([listener(80)]));
    counter.counts(SOCKSTAT, { timeWait: true, datagrams: true });
    expect(counter.counts(SOCKSTAT)).toEqual(counter.counts());
    expect(counter.counts().total).toBe(1);
  });
});

test('by owner: a socket without one is under the empty text, one that fails the test is left out', () => {
  const sockets = [tcpSocket({ localPort: 1 }), tcpSocket({ localPort: 2 }), tcpSocket({ localPort: 3 })];
  const ownerOf = ({ localPort }: { localPort: number }) => (localPort === 1 ? 'web' : undefined);
  const counters = countByOwner(sources(sockets), ownerOf, ({ localPort }) => localPort !== 3);
  expect([...counters].map(([owner, counter]) => [owner, counter.counts().total])).toEqual([
    ['web', 1],
    ['', 1],
  ]);
});

test('the sum of counts includes every field and state', () => {
  const one = { total: 3, tcp: 2, udp: 1, raw: 0, unix: 4, byState: { LISTEN: 1, CLOSE: 1 } };
  const other = { total: 2, tcp: 1, udp: 0, raw: 1, unix: 0, byState: { LISTEN: 1 } };
  expect(sumOfCounts([one, other])).toEqual({
    total: 5,
    tcp: 3,
    udp: 1,
    raw: 1,
    unix: 4,
    byState: { LISTEN: 2, CLOSE: 1 },
  });
  expect(sumOfCounts([])).toEqual(NO_SOCKETS);
});
