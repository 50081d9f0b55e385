/** Counts between two snapshots: the sockets of the first, and connection events. */
import { expect, test } from 'vitest';
import { BaseSocketView } from '../../../../src/model/socket/base-socket-view.ts';
import type { ConnectionEvent, EventKind } from '../../../../src/model/socket/connection-event.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { FoldedConnection } from '../../../../src/sources/live/folded-connection.ts';
import { FoldedSockets } from '../../../../src/sources/live/folded-sockets.ts';

class TestSocket extends BaseSocketView {
  readonly proto = 'tcp';
  readonly family = 'inet';
  readonly inode = 0;
  readonly localPort = 1;
  readonly receiveQueue = undefined;
  readonly sendQueue = undefined;
  readonly uid = undefined;
  readonly #cookie: number;
  readonly state: number;
  readonly peerPort: number;
  constructor(cookie: number, state: number, peerPort = 80) {
    super();
    this.#cookie = cookie;
    this.state = state;
    this.peerPort = peerPort;
  }
  override get cookieLow(): number {
    return this.#cookie;
  }
  override localWord(index: number): number {
    return index === 0 ? 0x7f000001 : 0;
  }
  override peerWord(index: number): number {
    return index === 0 ? 0x0a000000 + this.#cookie : 0;
  }
}

const READ_MS = 10_000;

function event(kind: EventKind, cookie: number, state: number, atMs = READ_MS + 5000): ConnectionEvent {
  const processes = kind === 'opened' ? [{ pid: 7, name: 'app' }] : [];
  return { kind, socket: new TestSocket(cookie, state), processes, container: undefined, atMs } as never;
}

function folded(...base: TestSocket[]) {
  const sockets = new FoldedSockets();
  sockets.begin({ each: (visit) => base.forEach(visit) }, READ_MS);
  const states = () => {
    const found: [number, number][] = [];
    sockets.each(({ cookieLow, state }) => found.push([cookieLow, state]));
    return found.sort((a, b) => a[0] - b[0]);
  };
  return { sockets, states };
}

const { ESTABLISHED, SYN_SENT, CLOSE_WAIT, LISTEN } = TCP_STATE;

test('what ended is left out, what was opened is added, the rest is as it was', () => {
  const { sockets, states } = folded(
    new TestSocket(1, ESTABLISHED),
    new TestSocket(2, CLOSE_WAIT),
    new TestSocket(3, LISTEN),
  );
  expect(sockets.takeNews()).toBe(false);
  sockets.add(event('closed', 1, ESTABLISHED));
  sockets.add(event('opened', 4, SYN_SENT));
  sockets.add(event('established', 5, ESTABLISHED));
  expect(sockets.takeNews()).toBe(true);
  expect(sockets.takeNews()).toBe(false);
  expect(states()).toEqual([
    [2, CLOSE_WAIT],
    [3, LISTEN],
    [4, SYN_SENT],
    [5, ESTABLISHED],
  ]);
});

test('an attempt of the snapshot is established, and keeps the process that made it', () => {
  const { sockets, states } = folded(new TestSocket(1, SYN_SENT));
  sockets.add(event('opened', 2, SYN_SENT));
  sockets.add(event('established', 1, ESTABLISHED));
  sockets.add(event('established', 2, ESTABLISHED));
  expect(states()).toEqual([
    [1, ESTABLISHED],
    [2, ESTABLISHED],
  ]);
  const holders: unknown[] = [];
  sockets.each((socket) => {
    if (socket.cookieLow === 2 && socket instanceof FoldedConnection) holders.push(...socket.holders);
  });
  expect(holders).toEqual([{ pid: 7, name: 'app' }]);
});

test('an event of what the snapshot has already changes nothing', () => {
  const { sockets, states } = folded(new TestSocket(1, CLOSE_WAIT));
  // Opened before, read later; and established while the snapshot was made, which has a later state.
  sockets.add(event('opened', 9, SYN_SENT, READ_MS - 1));
  sockets.add(event('established', 1, ESTABLISHED, READ_MS + 1));
  expect(states()).toEqual([[1, CLOSE_WAIT]]);
});

test('opened and closed between two ticks: nothing stays', () => {
  const { sockets, states } = folded();
  sockets.add(event('opened', 1, SYN_SENT, READ_MS + 1));
  sockets.add(event('failed', 1, SYN_SENT, READ_MS + 2));
  sockets.add(event('opened', 2, SYN_SENT));
  sockets.add(event('established', 2, ESTABLISHED));
  sockets.add(event('closed', 2, ESTABLISHED));
  expect(states()).toEqual([]);
});

test('each of many has its own ports, addresses, state and container', () => {
  const { sockets } = folded();
  for (let cookie = 1; cookie <= 200; cookie++) {
    const socket = new TestSocket(cookie, cookie % 2 === 0 ? ESTABLISHED : SYN_SENT, 1000 + cookie);
    const kind = cookie % 2 === 0 ? 'established' : 'opened';
    sockets.add({ ...event(kind, cookie, 0), socket, container: `c${cookie}` } as never);
  }
  for (let cookie = 1; cookie <= 200; cookie += 3) sockets.add(event('closed', cookie, ESTABLISHED));
  const seen = new Set<number>();
  sockets.each((socket) => {
    const { cookieLow: cookie, state, peerPort } = socket;
    seen.add(cookie);
    expect([state, peerPort, socket.peerWord(0), socket.localWord(0), socket.peerWord(3)]).toEqual([
      cookie % 2 === 0 ? ESTABLISHED : SYN_SENT,
      1000 + cookie,
      0x0a000000 + cookie,
      0x7f000001,
      0,
    ]);
    expect(socket instanceof FoldedConnection && socket.container).toBe(`c${cookie}`);
  });
  const open = Array.from({ length: 200 }, (_, index) => index + 1).filter((cookie) => (cookie - 1) % 3 !== 0);
  expect([...seen].sort((a, b) => a - b)).toEqual(open);
});

test('after a loss, and without a cookie, nothing is folded', () => {
  const lost = folded(new TestSocket(1, ESTABLISHED));
  lost.sockets.add(event('closed', 1, ESTABLISHED));
  lost.sockets.lose();
  expect([lost.sockets.isWhole, lost.states()]).toEqual([false, [[1, ESTABLISHED]]]);
  const without = folded();
  without.sockets.add(event('opened', 0, SYN_SENT));
  expect(without.sockets.isWhole).toBe(false);
});
