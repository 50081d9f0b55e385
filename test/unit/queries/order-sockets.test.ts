/** The order of a list of sockets. */
import { describe, expect, test } from 'vitest';
import type { ListOrder, SocketOrder } from '../../../src/model/report/socket-order.ts';
import { copySocket } from '../../../src/model/socket/socket-copy.ts';
import type { SocketView } from '../../../src/model/socket/socket-view.ts';
import { TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import type { Sockets } from '../../../src/queries/list-sockets.ts';
import { orderSockets } from '../../../src/queries/order-sockets.ts';
import type { PlainSocket } from '../../support/plain-socket.ts';
import { storedSockets } from '../../support/plain-socket.ts';
import { listener, tcpSocket } from '../../support/series.ts';

/** The view of these sockets moves from one to the next, as that of a dump does. */
function report(sockets: readonly PlainSocket[]): Sockets {
  return {
    target: { name: 'web', runtime: 'docker', netns: 1 },
    takenAt: new Date(0),
    source: 'sock_diag',
    sources: { tcp: 'sock_diag' },
    coverage: { complete: true, notes: [] },
    shared: false,
    sockets: storedSockets(sockets),
    context: { processesOf: (inode) => (inode === 7 ? [{ pid: 1, name: 'a', fd: 3 }] : []) },
  };
}

function ports(sockets: readonly PlainSocket[], order: Partial<ListOrder>): number[] {
  const ordered: number[] = [];
  orderSockets(report(sockets), { key: undefined, isReversed: false, limit: undefined, ...order }).sockets.each(
    ({ localPort }) => ordered.push(localPort),
  );
  return ordered;
}

const SOCKETS = [
  tcpSocket({ local: '10.0.0.2:1', peer: '10.0.0.10:80', receiveQueue: 5, inode: 7, info: { rttUs: 300 } }),
  tcpSocket({ local: '9.0.0.2:2', peer: '10.0.0.9:80', receiveQueue: 50, state: TCP_STATE.CLOSE_WAIT }),
  listener(3),
  tcpSocket({
    local: '10.0.0.2:4',
    peer: '10.0.0.9:8',
    receiveQueue: 5,
    state: TCP_STATE.TIME_WAIT,
    info: { rttUs: 900 },
  }),
];

describe('order of a list', () => {
  test.each<[SocketOrder, number[]]>([
    // Equal queues: by address.
    ['recv-q', [2, 1, 4, 3]],
    ['state', [1, 3, 4, 2]],
    // By the numbers of the address, not by its text.
    ['local', [3, 2, 1, 4]],
    // A listener has no peer.
    ['peer', [4, 2, 1, 3]],
    ['local-port', [1, 2, 3, 4]],
    ['rtt', [4, 1, 3, 2]],
    ['process', [1, 3, 2, 4]],
  ])('%s', (key, expected) => {
    expect(ports(SOCKETS, { key })).toEqual(expected);
  });

  test('the other way round, what has no value still last', () => {
    expect(ports(SOCKETS, { key: 'peer', isReversed: true })).toEqual([1, 2, 4, 3]);
    expect(ports(SOCKETS, { key: 'recv-q', isReversed: true }).at(-1)).toBe(2);
  });

  test('a limit cuts what is sorted, and the total counts all', () => {
    expect(ports(SOCKETS, { key: 'recv-q', limit: 2 })).toEqual([2, 1]);
    expect(ports(SOCKETS, { limit: 3 })).toEqual([1, 2, 3]);
    expect(orderSockets(report(SOCKETS), { key: undefined, isReversed: false, limit: 1 }).total).toBe(4);
    expect(
      orderSockets(report(SOCKETS), { key: undefined, isReversed: false, limit: undefined }).total,
    ).toBeUndefined();
  });

  test('what is known of a socket by its view is kept: its container, and how that was found', () => {
    const listed = report(SOCKETS);
    const views: SocketView[] = [];
    const isOfSource = (socket: SocketView) => views.every((view) => view !== socket);
    const context = {
      containerOf: (socket: SocketView) => (isOfSource(socket) ? `c${socket.localPort}` : undefined),
      attributionOf: (socket: SocketView) => (isOfSource(socket) ? ('process' as const) : undefined),
    };
    const ordered = orderSockets({ ...listed, context }, { key: 'local-port', isReversed: false, limit: 2 });
    ordered.sockets.each((socket) => views.push(socket));
    expect(views.map((view) => ordered.context.containerOf?.(view))).toEqual(['c1', 'c2']);
    expect(views.map((view) => ordered.context.attributionOf?.(view))).toEqual(['process', 'process']);
  });

  test('a key that no socket has is noted', () => {
    const listed = report([listener(3)]);
    orderSockets(listed, { key: 'rtt', isReversed: false, limit: undefined });
    expect(listed.coverage.notes).toEqual(['--sort rtt: no socket has a value here; the order is that of the kernel']);
  });
});

test('a copy keeps every field when the view moves on', () => {
  const fields = (socket: SocketView) => ({
    state: socket.state,
    local: [socket.localWord(0), socket.localPort],
    peer: [socket.peerWord(0), socket.peerPort],
    queues: [socket.receiveQueue, socket.sendQueue],
    cookie: [socket.cookieLow, socket.cookieHigh],
    timer: [socket.timer, socket.timerExpiresMs, socket.retransmits],
    info: socket.tcpInfo(),
    rtt: socket.tcpInfoNumber('rttUs'),
    drops: socket.drops(),
    buffer: socket.receiveBufferBytes(),
    mark: socket.mark(),
    cgroup: socket.cgroupId(),
  });
  const before: unknown[] = [];
  const copies: SocketView[] = [];
  storedSockets(SOCKETS).each((socket) => {
    before.push(fields(socket));
    copies.push(copySocket(socket));
  });
  expect(copies.map(fields)).toEqual(before);
});
