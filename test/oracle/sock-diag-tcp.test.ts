/** TCP sockets in every state, read by `kernel` and `netlink`, against `ss` and `/proc/net` of the same namespace. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DiagRow, diagRows, diagRowsBothFamilies } from '../support/diag-rows.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { otherUser } from '../support/other-user.ts';
import { procRows } from '../support/proc-net.ts';
import type { Expected } from '../support/recipes/recipe-context.ts';
import { acceptQueue } from '../support/recipes/tcp-opening.ts';
import { everyTcpState } from '../support/recipes/tcp-states.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { type SsRow, ss } from '../support/ss.ts';
import { comparableInfo } from '../support/ss-tcp-info.ts';

/** Our state numbers by ss's names. */
const STATE: Record<string, number> = {
  ESTAB: 1,
  'SYN-SENT': 2,
  'SYN-RECV': 3,
  'FIN-WAIT-1': 4,
  'FIN-WAIT-2': 5,
  'TIME-WAIT': 6,
  UNCONN: 7,
  'CLOSE-WAIT': 8,
  'LAST-ACK': 9,
  LISTEN: 10,
  CLOSING: 11,
};
const TIMER: Record<string, number> = { on: 1, keepalive: 2, timewait: 3, persist: 4 };
const FAMILIES = [
  ['inet', '-4', 'tcp'],
  ['inet6', '-6', 'tcp6'],
] as const;
/** Timers count down between two readings, and ss rounds to seconds above one minute. */
const SLACK_MS = 3000;

let netns: TestNetns;
let workshop: Workshop;
let expected: Expected[];
let queue: Awaited<ReturnType<typeof acceptQueue>>;

beforeAll(async () => {
  netns = createNetns();
  const owner = await Workshop.start(netns);
  workshop = owner;
  expected = await everyTcpState({ netns, workshop });
  queue = await acceptQueue({ netns, workshop });
  const other = await Workshop.start(netns);
  const user = otherUser();
  if (user !== undefined) await other.setuid(user);
  await other.tcpListener('127.0.0.1');
}, 240_000);
afterAll(() => netns.remove());

/** ss runs before and after: rows that are the same in both did not change meanwhile. */
function readings(family: 'inet' | 'inet6', flag: '-4' | '-6') {
  const before = bySs(ss(netns, flag, '-t'));
  const rows = diagRows(netns, 'tcp', family);
  const after = bySs(ss(netns, flag, '-t'));
  return { before, rows, after };
}

const keyOf = (local: readonly number[], localPort: number, peer: readonly number[], peerPort: number) =>
  `${local.join('.')}:${localPort} ${peer.join('.')}:${peerPort}`;
const bySs = (rows: SsRow[]) =>
  new Map(rows.map((row) => [keyOf(row.local.address, row.local.port, row.peer.address, row.peer.port), row]));
const keyOfRow = (row: DiagRow) => keyOf(row.local, row.localPort, row.peer, row.peerPort);
/** ss 6.1 does not ask for sockets that are bound and no more, and `/proc` does not list them. */
const isBoundOnly = (row: DiagRow) => row.state === STATE.UNCONN;

describe.each(FAMILIES)('TCP over %s', (family, flag, table) => {
  it('has the endpoints that ss has, each once', () => {
    const { rows, after } = readings(family, flag);
    const keys = rows.filter((row) => !isBoundOnly(row)).map(keyOfRow);
    expect(keys.sort()).toEqual([...after.keys()].sort());
    expect(rows.every((row) => row.family === family && row.proto === 'tcp')).toBe(true);
  });

  it('has the states, queues, owners, inodes, cookies, timers and drops that ss has', () => {
    const { before, rows, after } = readings(family, flag);
    let compared = 0;
    for (const row of rows.filter((one) => !isBoundOnly(one))) {
      const [first, second] = [before.get(keyOfRow(row)), after.get(keyOfRow(row))];
      if (first === undefined || second === undefined) continue;
      const what = `${second.line}\n`;
      if (first.state === second.state) expect(row.state, what).toBe(STATE[second.state]);
      if (first.receiveQueue === second.receiveQueue) expect(row.receiveQueue, what).toBe(second.receiveQueue);
      if (first.sendQueue === second.sendQueue) expect(row.sendQueue, what).toBe(second.sendQueue);
      expect(row.uid, what).toBe(second.uid ?? 0);
      expect(row.inode, what).toBe(second.inode);
      expect(row.cookie, what).toBe(second.cookie);
      if (first.drops === second.drops) expect(row.drops, what).toBe(second.drops);
      expect(row.interfaceIndex, what).toBe(second.local.device === 'lo' ? 1 : 0);
      if (first.timer?.kind === second.timer?.kind) {
        expect(row.timer, what).toBe(second.timer === undefined ? 0 : TIMER[second.timer.kind]);
        if (first.timer?.retransmits === second.timer?.retransmits) {
          expect(row.retransmits, what).toBe(second.timer?.retransmits ?? 0);
          expect(row.timerExpiresMs, what).toBeLessThanOrEqual((first.timer?.expiresMs ?? 0) + SLACK_MS);
          expect(row.timerExpiresMs, what).toBeGreaterThanOrEqual((second.timer?.expiresMs ?? 0) - SLACK_MS);
        }
      }
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(family === 'inet' ? 40 : 8);
  });

  it('has the TCP information that ss has', () => {
    const { before, rows, after } = readings(family, flag);
    const seen = new Map<string, number>();
    for (const row of rows) {
      const [first, second] = [before.get(keyOfRow(row)), after.get(keyOfRow(row))];
      if (first === undefined || second === undefined) continue;
      const [earlier, later] = [comparableInfo(first.info), comparableInfo(second.info)];
      for (const [name, { value, tolerance }] of later) {
        // Rows that changed meanwhile are not compared.
        if (earlier.get(name)?.value !== value) continue;
        const ours = Number(row.tcpInfo?.[name] ?? Number.NaN);
        expect(Math.abs(ours - value), `${name}: ${ours}, but ss says ${value}\n${second.line}\n`).toBeLessThanOrEqual(
          tolerance,
        );
        seen.set(name, (seen.get(name) ?? 0) + 1);
      }
    }
    for (const name of [
      'rttUs',
      'rttVarUs',
      'rtoUs',
      'congestionWindowSegments',
      'sendMssBytes',
      'pathMtuBytes',
    ] as const) {
      expect(seen.get(name) ?? 0, name).toBeGreaterThan(family === 'inet' ? 15 : 2);
    }
    if (family === 'inet') expect([...seen.keys()].length).toBeGreaterThanOrEqual(25);
  });

  it('has no TCP_INFO for sockets that are not full', () => {
    const small = readings(family, flag).rows.filter((row) => row.timer === 3 || row.state === STATE['SYN-RECV']);
    expect(small.length).toBeGreaterThan(0);
    for (const { tcpInfo, uid, inode, receiveQueue, sendQueue, cgroupId, drops } of small) {
      expect({ tcpInfo, uid, inode, receiveQueue, sendQueue, cgroupId, drops }).toEqual({
        tcpInfo: undefined,
        uid: 0,
        inode: 0,
        receiveQueue: 0,
        sendQueue: 0,
        cgroupId: undefined,
        drops: undefined,
      });
    }
  });

  it('agrees with /proc/net', () => {
    const before = procRows(netns, table);
    const rows = diagRows(netns, 'tcp', family).filter((row) => !isBoundOnly(row));
    const after = new Map(
      procRows(netns, table).map((row) => [keyOf(row.local, row.localPort, row.peer, row.peerPort), row]),
    );
    expect(rows.map(keyOfRow).sort()).toEqual([...after.keys()].sort());
    for (const row of rows) {
      const first = before.find((one) => keyOf(one.local, one.localPort, one.peer, one.peerPort) === keyOfRow(row));
      const second = after.get(keyOfRow(row));
      if (first === undefined || second === undefined) continue;
      const what = JSON.stringify(second);
      expect(row.inode, what).toBe(second.inode);
      if (first.state === second.state) expect(row.state, what).toBe(second.state);
      if (first.receiveQueue === second.receiveQueue) expect(row.receiveQueue, what).toBe(second.receiveQueue);
      // The table has no backlog of a listener, and shows its owner on a half-open entry.
      if (second.state !== STATE.LISTEN && first.sendQueue === second.sendQueue) {
        expect(row.sendQueue, what).toBe(second.sendQueue);
      }
      if (second.state !== STATE['SYN-RECV']) expect(row.uid, what).toBe(second.uid);
      if (first.timer === second.timer) expect(row.timer, what).toBe(second.timer);
    }
  });
});

describe('TCP, as it was made', () => {
  it('shows each socket of the recipes', () => {
    const rows = [...diagRows(netns, 'tcp', 'inet'), ...diagRows(netns, 'tcp', 'inet6')];
    for (const { what, state, family, localPort, peerPort, inode } of expected) {
      const found = rows.filter(
        (row) => row.localPort === localPort && row.peerPort === peerPort && row.family === family,
      );
      expect(found, what).toHaveLength(1);
      expect(found[0], what).toMatchObject({ state: STATE[state], inode });
    }
  });

  it('shows sockets that are bound and no more, without TCP information', () => {
    for (const family of ['inet', 'inet6'] as const) {
      const rows = diagRows(netns, 'tcp', family).filter(isBoundOnly);
      expect(rows.map(({ inode, tcpInfo }) => [inode, tcpInfo])).toEqual(
        expected
          .filter((one) => one.state === 'UNCONN' && one.family === family)
          .map(({ inode }) => [inode, undefined]),
      );
    }
  });

  it('shows an accept queue: length and limit at the listener, its content without inodes', () => {
    const rows = diagRows(netns, 'tcp', 'inet').filter((row) => row.localPort === queue.port);
    const listener = rows.find((row) => row.peerPort === 0);
    expect(listener).toMatchObject({ state: 10, receiveQueue: 3, sendQueue: 2, inode: queue.inode });
    expect(listener?.tcpInfo).toMatchObject({ unackedSegments: 3, sackedSegments: 2 });
    const waiting = rows.filter((row) => row.peerPort !== 0);
    expect(waiting.map((row) => row.peerPort).sort()).toEqual([...queue.clientPorts].sort());
    for (const row of waiting) expect(row).toMatchObject({ state: 1, inode: 0 });
  });

  it('counts the bytes of an unread and of a full pipe', () => {
    const rows = diagRows(netns, 'tcp', 'inet');
    const unread = expected.find((one) => one.what === 'unread bytes');
    expect(rows.find((row) => row.inode === unread?.inode)).toMatchObject({ receiveQueue: 1234, sendQueue: 0 });
    const full = expected.find((one) => one.what === 'zero window');
    const writer = rows.find((row) => row.inode === full?.inode);
    expect(writer?.sendQueue).toBeGreaterThan(0);
    // Retransmission while data is in flight, then zero-window probes.
    expect([1, 4]).toContain(writer?.timer);
  });

  it('reads both families in one dump as it does in two', () => {
    const stable = (row: DiagRow) => [row.family, keyOfRow(row), row.inode, row.cookie, row.uid].join(' ');
    const both = diagRowsBothFamilies(netns).map(stable).sort();
    const apart = [...diagRows(netns, 'tcp', 'inet'), ...diagRows(netns, 'tcp', 'inet6')].map(stable).sort();
    expect(both).toEqual(apart);
  });
});
