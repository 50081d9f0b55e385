import { describe, expect, it } from 'vitest';
import { WatchTarget } from '../../../../src/commands/watch/watch-counter.ts';
import type { WatchedNetns } from '../../../../src/model/netns/netns.ts';
import type { ConnectionEvent } from '../../../../src/model/socket/connection-event.ts';
import { socketSnapshotOf } from '../../../../src/sources/recorded/recorded-socket-snapshot.ts';
import type { NetnsTick, SocketSnapshot, Tick } from '../../../../src/sources/sample-source.ts';
import { type PlainSocket, storedSockets } from '../../../support/plain-socket.ts';
import { START_MS, tcpSockets } from '../../../support/series.ts';

const namespace: WatchedNetns = { netns: 1, name: 'web', targets: ['web'], containers: [], host: false };
const names = { host: () => undefined, service: () => undefined, user: () => undefined };

/** A namespace where ten connections are opened in each second: nine stay, and one is closed before the next tick. */
class Namespace {
  readonly #sockets: PlainSocket[] = [];
  /** Opened and in no snapshot yet. */
  #unread = 0;
  readonly #target = new WatchTarget(
    ['state'],
    ['tcp'],
    { snapshot: () => () => true, events: () => true, isConstant: true, isConstantInEstablished: false },
    'sock_diag',
  );

  /** The rates of a second, 0 for the first tick. @param isRead whether its tick has a snapshot */
  second(index: number, { isRead, lost = 0 }: { isRead: boolean; lost?: number }) {
    const atMs = START_MS + index * 1000;
    if (index > 0) {
      this.#unread += 9;
      this.#target.event({
        kind: 'closed',
        source: 'sock_diag',
        proto: 'tcp',
        remembered: undefined,
      } as ConnectionEvent);
    }
    const tick: NetnsTick = { namespace, events: { failed: 0, closed: index > 0 ? 1 : 0 }, lost };
    const whole: Tick = { atMs, names, namespaces: [tick], containers: [], notes: [] };
    const row = isRead ? this.#target.row(tick, this.#read(atMs), whole) : this.#target.rowAgain(tick, whole);
    const { opensPerSecond, opensAtLeast, closesPerSecond } = row ?? {};
    return { opensPerSecond, opensAtLeast, closesPerSecond };
  }

  #read(atMs: number): SocketSnapshot {
    this.#sockets.push(...tcpSockets(this.#unread, { firstSeenMs: atMs }));
    this.#unread = 0;
    return socketSnapshotOf({
      takenAtMs: atMs,
      source: 'sock_diag',
      coverage: { complete: true, notes: [] },
      withoutStates: 0,
      sockets: storedSockets(this.#sockets, atMs),
    });
  }
}

describe('watch with a filter: opens per second', () => {
  it('are ten where ten are opened, at every tick with a snapshot', () => {
    const web = new Namespace();
    expect(web.second(0, { isRead: true })).toEqual({});
    for (const index of [1, 2]) {
      expect(web.second(index, { isRead: true })).toEqual({ opensPerSecond: 10, closesPerSecond: 1 });
    }
  });

  it('are ten after seven seconds without a snapshot, and unknown during them', () => {
    const web = new Namespace();
    web.second(0, { isRead: true });
    for (let index = 1; index < 7; index++)
      expect(web.second(index, { isRead: false })).toEqual({ closesPerSecond: 1 });
    expect(web.second(7, { isRead: true })).toEqual({ opensPerSecond: 10, closesPerSecond: 1 });
    expect(web.second(8, { isRead: true })).toEqual({ opensPerSecond: 10, closesPerSecond: 1 });
  });

  it('are a lower bound where events were lost since the last snapshot', () => {
    const web = new Namespace();
    web.second(0, { isRead: true });
    web.second(1, { isRead: false, lost: 1 });
    expect(web.second(2, { isRead: true })).toMatchObject({ opensPerSecond: 10, opensAtLeast: true });
    expect(web.second(3, { isRead: true })).toEqual({ opensPerSecond: 10, closesPerSecond: 1 });
  });
});
