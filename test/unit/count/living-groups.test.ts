import { describe, expect, it } from 'vitest';
import { isCountedByEvents, LivingGroups } from '../../../src/count/living-groups.ts';
import type { ConnectionEvent, EventKind } from '../../../src/model/socket/connection-event.ts';
import type { SocketView } from '../../../src/model/socket/socket-view.ts';
import { TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import { storedSockets } from '../../support/plain-socket.ts';
import { START_MS, tcpSocket } from '../../support/series.ts';

const names = { host: () => undefined, service: () => undefined, user: () => undefined };
const holder = { pid: 7, name: 'app' };

/** The client of a connection to MySQL, by its cookie. */
const client = (cookie: number, state: number = TCP_STATE.ESTABLISHED) => tcpSocket({ cookie, state, process: holder });

function event(kind: EventKind, cookie: number, atMs: number): ConnectionEvent {
  const [socket] = storedSockets([client(cookie)], atMs).toArray();
  return {
    kind,
    socket: socket as SocketView,
    atMs,
    role: 'client',
    processes: [holder],
    container: undefined,
  } as unknown as ConnectionEvent;
}

function snapshot(cookies: readonly number[], takenAtMs: number, state?: number) {
  return {
    takenAtMs,
    sockets: storedSockets(
      cookies.map((cookie) => client(cookie, state)),
      takenAtMs,
    ),
    names,
    holdersOf: () => [holder],
    containerOf: () => undefined,
  };
}

const all = () => true;
const peakOf = (peaks: ReturnType<LivingGroups['snapshot']>) => [...(peaks?.groups.values() ?? [])][0]?.count;

describe('LivingGroups', () => {
  it('has the peak between two snapshots, of which neither has the connections', () => {
    const living = new LivingGroups(['peer']);
    expect(living.snapshot(snapshot([], START_MS), all)).toBeUndefined();
    for (let cookie = 1; cookie <= 257; cookie++) living.event(event('opened', cookie, START_MS + 100));
    for (let cookie = 1; cookie <= 257; cookie++) living.event(event('closed', cookie, START_MS + 180));
    const peaks = living.snapshot(snapshot([], START_MS + 1000), all);
    expect(peaks?.total).toBe(257);
    expect([...(peaks?.groups.values() ?? [])]).toMatchObject([{ key: { peer: '10.0.0.3:3306' }, count: 257 }]);
    // They do not belong to the next interval.
    expect(living.snapshot(snapshot([], START_MS + 2000), all)).toMatchObject({ total: 0 });
  });

  it('has the peaks since they were taken last, of groups that got connections, between snapshots too', () => {
    const living = new LivingGroups(['peer', 'process']);
    expect(living.takeRecent()).toEqual([]);
    living.snapshot(snapshot([1, 2, 3], START_MS), all);
    // Nothing was opened since.
    expect(living.takeRecent()).toEqual([]);
    for (let cookie = 4; cookie <= 20; cookie++) living.event(event('opened', cookie, START_MS + 100));
    for (let cookie = 4; cookie <= 20; cookie++) living.event(event('closed', cookie, START_MS + 180));
    const group = (count: number) => [{ key: { peer: '10.0.0.3:3306', process: '7/app' }, count }];
    expect(living.takeRecent()).toMatchObject(group(20));
    expect(living.takeRecent()).toEqual([]);
    living.event(event('opened', 30, START_MS + 1100));
    expect(living.takeRecent()).toMatchObject(group(4));
    // The peak of the interval is still that of all of it.
    expect(peakOf(living.snapshot(snapshot([1, 2, 3, 30], START_MS + 2000), all))).toBe(20);
    expect(living.takeRecent()).toEqual([]);
  });

  it('of connections that count while they are ESTABLISHED: one that closes makes room for the next', () => {
    const living = new LivingGroups(['process'], true);
    const inEstablished = ({ state }: SocketView) => state === TCP_STATE.ESTABLISHED;
    living.snapshot(snapshot([1, 2, 3], START_MS), inEstablished);
    for (let cookie = 4; cookie <= 20; cookie++) {
      // Its process closes one, which waits for its peer, and opens the next.
      const [closing] = storedSockets([client(cookie - 3)], START_MS).toArray();
      living.halfClosed(closing as SocketView, START_MS + 10 * cookie);
      living.event(event('opened', cookie, START_MS + 10 * cookie + 1));
      living.event(event('established', cookie, START_MS + 10 * cookie + 2));
      living.event(event('closed', cookie - 3, START_MS + 10 * cookie + 3));
    }
    const peaks = living.snapshot(snapshot([17, 18, 19], START_MS + 1000, TCP_STATE.FIN_WAIT1), inEstablished);
    expect(peaks?.total).toBe(3);
    expect([...(peaks?.groups.values() ?? [])]).toMatchObject([{ key: { process: '7/app' }, count: 3 }]);
    expect(living.snapshot(snapshot([], START_MS + 2000), inEstablished)?.total).toBe(0);
  });

  it('counts the clients of a listener by their address, as snapshots do', () => {
    const living = new LivingGroups(['peer']);
    const ends = (cookie: number) => ({ cookie, local: '10.0.0.2:8080', peer: `10.0.0.9:${40_000 + cookie}` });
    const listening = tcpSocket({ local: '0.0.0.0:8080', peer: '0.0.0.0:0', state: TCP_STATE.LISTEN });
    const served = (cookies: readonly number[], atMs: number) => ({
      ...snapshot([], atMs),
      sockets: storedSockets([listening, ...cookies.map((cookie) => tcpSocket(ends(cookie)))], atMs),
    });
    living.snapshot(served([1, 2], START_MS), all);
    const [socket] = storedSockets([tcpSocket(ends(3))], START_MS).toArray();
    living.event({ ...event('established', 3, START_MS + 100), socket: socket as SocketView, role: 'server' });
    const peaks = living.snapshot(served([1, 2], START_MS + 1000), all);
    expect([...(peaks?.groups.values() ?? [])]).toMatchObject([{ key: { peer: '10.0.0.9:*' }, count: 3 }]);
  });

  it('counts a connection once that a snapshot and an event have', () => {
    const living = new LivingGroups(['process']);
    living.snapshot(snapshot([1], START_MS), all);
    // Opened while the dump ran, which has it or has not.
    living.event(event('opened', 1, START_MS + 1));
    living.event(event('opened', 2, START_MS + 1));
    expect(peakOf(living.snapshot(snapshot([1, 2], START_MS + 1000), all))).toBe(2);
  });

  it('what happened during a dump is not lost, and what it has seen is not counted twice', () => {
    const living = new LivingGroups(['process']);
    living.snapshot(snapshot([1, 2], START_MS), all);
    // The dump at 1000 has passed the place of 3 before it was opened; it has seen 1 before it was closed.
    living.event(event('opened', 3, START_MS + 1005));
    living.event(event('closed', 1, START_MS + 1006));
    expect(peakOf(living.snapshot(snapshot([1, 2], START_MS + 1000), all))).toBe(3);
    living.event(event('opened', 4, START_MS + 1500));
    living.event(event('opened', 5, START_MS + 1500));
    // 2, 3, 4, 5.
    expect(peakOf(living.snapshot(snapshot([2, 3, 4, 5], START_MS + 2000), all))).toBe(4);
  });

  it('a snapshot corrects what events have missed', () => {
    const living = new LivingGroups(['process']);
    living.snapshot(snapshot([1, 2, 3], START_MS), all);
    // The ends of 2 and 3 were lost.
    living.snapshot(snapshot([1], START_MS + 1000), all);
    living.event(event('opened', 4, START_MS + 1500));
    expect(peakOf(living.snapshot(snapshot([1, 4], START_MS + 2000), all))).toBe(2);
  });

  it('TIME_WAIT is no connection any more, and an established client was counted when it was opened', () => {
    const living = new LivingGroups(['process']);
    living.snapshot(snapshot([1, 2], START_MS, TCP_STATE.TIME_WAIT), all);
    living.event(event('opened', 3, START_MS + 1));
    living.event(event('established', 3, START_MS + 2));
    expect(living.snapshot(snapshot([3], START_MS + 1000), all)?.total).toBe(1);
  });

  it('groups by what changes while a connection lives are not counted so', () => {
    expect(isCountedByEvents(['peer', 'process'])).toBe(true);
    expect(isCountedByEvents(['container', 'state'])).toBe(false);
    expect(isCountedByEvents([])).toBe(false);
  });
});
