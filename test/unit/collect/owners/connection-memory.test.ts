import { describe, expect, it } from 'vitest';
import { ConnectionMemory } from '../../../../src/collect/owners/connection-memory.ts';
import { destroyEvent } from '../../../support/destroy-event.ts';

/** Records dumps at intervals of a second with these cookies; the inode equals the cookie. */
function dumps(memory: ConnectionMemory, first: number, sets: number[][], receivesEvents = false): void {
  sets.forEach((cookies, index) => {
    memory.begin((first + index) * 1000);
    for (const cookie of cookies) memory.see(destroyEvent({ cookie, inode: cookie, peerPort: 3306 }));
    memory.end(receivesEvents);
  });
}

describe('ConnectionMemory', () => {
  it('records when a socket was first seen, and the last dump without it', () => {
    const memory = new ConnectionMemory();
    dumps(memory, 1, [[1], [1, 2], [1, 2]]);
    expect(memory.of(destroyEvent({ cookie: 1 }))).toMatchObject({ firstSeenMs: 1000, peerPort: 3306 });
    expect(memory.of(destroyEvent({ cookie: 1 }))).not.toHaveProperty('notBeforeMs');
    expect(memory.of(destroyEvent({ cookie: 2 }))).toMatchObject({ firstSeenMs: 2000, notBeforeMs: 1000 });
    expect(memory.of(destroyEvent({ cookie: 3 }))).toBeUndefined();
    expect(memory.lastDumpMs).toBe(3000);
  });

  it('retains a socket that left the dumps for as long as TIME_WAIT can last', () => {
    const memory = new ConnectionMemory();
    dumps(memory, 1, [[1, 2], [2]]);
    dumps(memory, 70, [[2]]);
    expect(memory.size).toBe(2);
    dumps(memory, 80, [[2]]);
    expect(memory.size).toBe(1);
  });

  it('retains the owner of a closed socket, and removes it afterwards', () => {
    const memory = new ConnectionMemory();
    dumps(memory, 1, [[1, 2]], true);
    memory.closed(destroyEvent({ cookie: 1 }));
    dumps(memory, 60, [[2]], true);
    expect(memory.of(destroyEvent({ cookie: 1 }))).toMatchObject({ inode: 1 });
    dumps(memory, 80, [[2]], true);
    expect(memory.of(destroyEvent({ cookie: 1 }))).toBeUndefined();
  });

  it('retains a socket that was reset and is still open, when an event will report its end', () => {
    const memory = new ConnectionMemory();
    dumps(memory, 1, [[1]], true);
    dumps(memory, 1000, [[]], true);
    expect(memory.of(destroyEvent({ cookie: 1 }))).toMatchObject({ firstSeenMs: 1000, inode: 1 });
    // A socket without a process is removed after its retention.
    memory.begin(2_000_000);
    memory.see(destroyEvent({ cookie: 2, inode: 0 }));
    memory.end(true);
    dumps(memory, 3000, [[]], true);
    expect(memory.size).toBe(1);
  });

  it('keeps the addresses and ports of each of many, where others leave and come', () => {
    const memory = new ConnectionMemory();
    const socketOf = (cookie: number) =>
      destroyEvent({
        cookie,
        inode: cookie,
        localPort: cookie,
        peerPort: 3306,
        peer: 0x0a000000 + cookie,
      });
    memory.begin(1000);
    for (let cookie = 1; cookie <= 300; cookie++) memory.see(socketOf(cookie));
    memory.end();
    memory.begin(200_000);
    for (let cookie = 101; cookie <= 400; cookie++) memory.see(socketOf(cookie));
    memory.end();
    for (let cookie = 101; cookie <= 400; cookie++)
      expect(memory.of(socketOf(cookie))).toMatchObject({
        localPort: cookie,
        peer: [0x0a000000 + cookie],
        inode: cookie,
      });
    expect(memory.size).toBe(300);
  });

  it('retains fifty thousand of those at most', () => {
    const memory = new ConnectionMemory();
    const many = Array.from({ length: 50_100 }, (_, index) => index + 1);
    dumps(memory, 1, [many, [], [], [], []], true);
    expect(memory.size).toBe(50_000);
  });

  it('remembers the holders of a socket after nobody is known to hold it', () => {
    const memory = new ConnectionMemory();
    const holders = [{ pid: 7, name: 'server', startTicks: 70, containerId: 'id' }];
    const socket = destroyEvent({ cookie: 1, inode: 10, peerPort: 3306 });
    memory.begin(1000);
    const row = memory.see(socket) ?? -1;
    memory.setHolders(row, holders);
    memory.setHolders(row, []);
    memory.end();
    expect(memory.holdersOf(socket)).toBe(holders);
    expect(memory.of(socket, () => 'web')).toMatchObject({ holders, container: 'web' });
    expect(memory.holdersOf(destroyEvent({ cookie: 2 }))).toEqual([]);
  });
});
