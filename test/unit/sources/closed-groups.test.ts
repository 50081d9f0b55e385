import { expect, test } from 'vitest';
import type { ConnectionEvent } from '../../../src/model/socket/connection-event.ts';
import { ClosedGroups } from '../../../src/sources/series/closed-groups.ts';
import { destroyEvent } from '../../support/destroy-event.ts';

test('a connection whose sent bytes are unknown counts, but not as refused after a greeting', () => {
  // The structure ends before tcpi_bytes_sent, as in kernels before 4.19.
  const socket = destroyEvent({ peerPort: 3306, minRttUs: 25, bytesReceived: 80 });
  expect(socket.tcpInfoNumber('bytesSent')).toBeUndefined();
  const groups = new ClosedGroups();
  const closed: Partial<ConnectionEvent> = { socket, outcome: 'closed', processes: [], atMs: 1500, role: 'client' };
  groups.add(closed as ConnectionEvent, 1000);
  const [group] = groups.take();
  expect(group).toMatchObject({ count: 1, shortLived: 1, greetedOnly: 0, silent: 0, bytesSent: 0, bytesReceived: 80 });
});

test('what is closed after a quiet sample is not in that', () => {
  const groups = new ClosedGroups();
  const quiet = groups.take();
  const socket = destroyEvent({ peerPort: 3306, minRttUs: 25 });
  const closed: Partial<ConnectionEvent> = { socket, outcome: 'closed', processes: [], atMs: 1500, role: 'client' };
  groups.add(closed as ConnectionEvent, 1000);
  expect(quiet).toEqual([]);
  expect(groups.take()).toHaveLength(1);
});

/** The end of a connection that lived for half a second, with the bytes that went over it. */
function ended(parts: Partial<ConnectionEvent>, bytesReceived: number, bytesSent: number, receiveQueue = 0) {
  const values: Record<string, number> = { bytesReceived, bytesSent };
  const plain = destroyEvent({ peerPort: 3306, minRttUs: 25, bytesReceived });
  const socket = Object.defineProperties(plain, {
    receiveQueue: { value: receiveQueue },
    tcpInfoNumber: { value: (name: string) => values[name] },
  });
  const event = { socket, outcome: 'closed', processes: [], atMs: 1500, ...parts };
  const groups = new ClosedGroups();
  groups.add(event as unknown as ConnectionEvent, 1000);
  return groups.take()[0]?.dropped;
}

const byServer: Partial<ConnectionEvent> = { role: 'server', closedBy: 'local' };

test.each([
  [
    'nginx without a free connection: the request was not read',
    { ...byServer, outcome: 'aborted' as const },
    62,
    0,
    62,
  ],
  ['the same before the request came', byServer, 0, 0, 0],
  ['Redis at maxclients, its client said something and left', byServer, 37, 36, 36],
  ['Redis in protected mode', { ...byServer, outcome: 'aborted' as const }, 22, 1067, 22],
])('dropped: %s', (_, parts, received, sent, unread) => {
  expect(ended(parts, received, sent, unread)).toBe(1);
});

test('dropped as a client sees it: it sent something, got nothing, and the peer ended it', () => {
  const client: Partial<ConnectionEvent> = { role: 'client', closedBy: 'peer' };
  expect(ended(client, 1, 62)).toBe(1);
  expect(ended(client, 1, 0)).toBeUndefined();
  expect(ended(client, 60, 62)).toBeUndefined();
  expect(ended({ ...client, closedBy: 'local' }, 0, 62)).toBeUndefined();
});

test.each([
  ['an answer to a request that was read', byServer, 80, 143, 0],
  [
    'an error for a body that was not read to its end',
    { ...byServer, outcome: 'aborted' as const },
    90_000,
    180,
    60_000,
  ],
  ['a health check that connects and leaves', { ...byServer, closedBy: 'peer' as const }, 1, 0, 0],
  ['a long greeting', byServer, 0, 5000, 0],
  ['a listener that was closed', { ...byServer, outcome: 'never-accepted' as const }, 0, 0, 0],
])('not dropped: %s', (_, parts, received, sent, unread) => {
  expect(ended(parts, received, sent, unread)).toBeUndefined();
});

/** The end of a connection whose last data was sent and received so long ago. */
function end(parts: { sentMs: number; receivedMs: number } & Partial<Pick<ConnectionEvent, 'outcome' | 'closedBy'>>) {
  const { sentMs, receivedMs, ...rest } = parts;
  const numbers: Record<string, number> = { lastSentMs: sentMs, lastReceivedMs: receivedMs };
  const socket = Object.assign(destroyEvent({ peerPort: 3000 }), {
    tcpInfoNumber: (field: string) => numbers[field],
  });
  const event: Partial<ConnectionEvent> = { socket, processes: [], atMs: 9000, role: 'client', ...rest };
  return event as ConnectionEvent;
}

test("the peer's idle timeouts, and requests that met them, by how long the connection had carried nothing", () => {
  const groups = new ClosedGroups();
  groups.add(end({ sentMs: 5_020, receivedMs: 5_000, outcome: 'closed', closedBy: 'peer' }), 8000);
  groups.add(end({ sentMs: 5_120, receivedMs: 5_100, outcome: 'closed', closedBy: 'peer' }), 8000);
  groups.add(end({ sentMs: 40, receivedMs: 5_000, outcome: 'reset', closedBy: 'peer' }), 8000);
  // Not idle; closed by this side; a reset in the middle of an answer; one long after what was sent.
  groups.add(end({ sentMs: 20, receivedMs: 10, outcome: 'closed', closedBy: 'peer' }), 8000);
  groups.add(end({ sentMs: 5_020, receivedMs: 5_000, outcome: 'closed', closedBy: 'local' }), 8000);
  groups.add(end({ sentMs: 900, receivedMs: 10, outcome: 'reset', closedBy: 'peer' }), 8000);
  groups.add(end({ sentMs: 4_000, receivedMs: 9_000, outcome: 'reset', closedBy: 'peer' }), 8000);
  const [closed, reset] = groups.take();
  expect(closed).toMatchObject({ count: 4, idled: 3, peerTimeouts: { count: 2, leastMs: 5_000, mostMs: 5_100 } });
  expect(reset).toMatchObject({ count: 3, metClose: { count: 1, leastMs: 4_960, mostMs: 4_960 } });
});

test('what ends later is not among what was taken while nothing had ended', () => {
  const groups = new ClosedGroups();
  const before = groups.take();
  const socket = destroyEvent({ peerPort: 3306, minRttUs: 25, bytesReceived: 80 });
  groups.add({ socket, outcome: 'closed', processes: [], atMs: 1500 } as unknown as ConnectionEvent, 1000);
  expect(before).toEqual([]);
  expect(groups.take()).toHaveLength(1);
});

test('turned away: the server read something, and ended it after a few dozen bytes', () => {
  const group = (parts: Partial<ConnectionEvent>, received: number, sent: number, unread = 0) => {
    const groups = new ClosedGroups();
    const values: Record<string, number> = { bytesReceived: received, bytesSent: sent };
    const socket = Object.defineProperties(destroyEvent({ peerPort: 3306, minRttUs: 25 }), {
      receiveQueue: { value: unread },
      tcpInfoNumber: { value: (name: string) => values[name] },
    });
    groups.add({ socket, outcome: 'closed', processes: [], atMs: 1500, ...parts } as unknown as ConnectionEvent, 1000);
    return groups.take()[0];
  };
  const client: Partial<ConnectionEvent> = { role: 'client' };
  expect(group({ ...client, closedBy: 'peer' }, 120, 60)?.turnedAway).toBe(1);
  expect(group({ ...client, closedBy: 'local' }, 120, 60)?.turnedAway).toBeUndefined();
  expect(group({ ...client, closedBy: 'peer' }, 80, 0)).not.toHaveProperty('turnedAway');
  expect(group(byServer, 60, 120)?.turnedAway).toBe(1);
  expect(group(byServer, 60, 120, 60)).toMatchObject({ dropped: 1 });
  expect(group(byServer, 60, 120, 60)).not.toHaveProperty('turnedAway');
  // A client that reads the error may end it first.
  expect(group({ role: 'server', closedBy: 'peer' }, 1, 80)).toMatchObject({ mute: 1 });
});

test('an end that stands for others counts as so many', () => {
  const groups = new ClosedGroups();
  const socket = destroyEvent({ peerPort: 3306, minRttUs: 25, bytesReceived: 80 });
  const closed = { socket, outcome: 'closed', processes: [], atMs: 1500, role: 'client', closedBy: 'peer' };
  groups.add({ ...closed, count: 12 } as unknown as ConnectionEvent, 1000);
  groups.add(closed as unknown as ConnectionEvent, 1000);
  expect(groups.take()).toMatchObject([{ count: 13, shortLived: 13, endedByPeer: 13, bytesReceived: 13 * 80 }]);
});
