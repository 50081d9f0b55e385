import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OwnerSource } from '../../src/collect/owners/owner-source.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { forked, PythonProcess } from '../support/python-process.ts';

/** An implementation under test. */
export interface OwnerBed {
  name: string;
  /** A new source over this machine. */
  make(): OwnerSource;
}

/** How often a source is asked until it has noticed a change. */
const MOST_ROUNDS = 5;
/** Time that passes between two rounds, milliseconds: the source is told it. */
const BETWEEN_MS = 1100;

interface Held {
  pid: number;
  name: string;
  fd: number;
}

/** The holders of the only TCP listener of a namespace, by ss(8). */
function heldBySs(netns: TestNetns): Held[] {
  const text = netns.run('ss', '-Hltnp');
  return [...text.matchAll(/\("((?:[^"])*)",pid=(\d+),fd=(\d+)\)/g)]
    .map(([, name = '', pid, fd]) => ({ pid: Number(pid), name, fd: Number(fd) }))
    .sort((a, b) => a.pid - b.pid);
}

/** The suite that every {@link OwnerSource} passes, on real processes. */
export function describeOwnerSource(bed: OwnerBed): void {
  describe(`the port of owners: ${bed.name}`, () => {
    let netns: TestNetns;
    let folder: string;
    let source: OwnerSource;
    let nowMs: number;
    let processes: PythonProcess[];
    let children: number[];

    beforeEach(() => {
      netns = createNetns();
      folder = mkdtempSync(path.join(os.tmpdir(), 'owners-'));
      source = bed.make();
      nowMs = Date.now();
      processes = [];
      children = [];
    });
    afterEach(async () => {
      for (const pid of children) kill(pid);
      await Promise.all(processes.map((process) => process.kill()));
      netns.remove();
      rmSync(folder, { recursive: true });
    });

    function start(where?: TestNetns): PythonProcess {
      const made = new PythonProcess(where);
      processes.push(made);
      return made;
    }
    async function fork(parent: PythonProcess, first?: string): Promise<number> {
      const pid = await parent.run<number>(forked(first));
      children.push(pid);
      return pid;
    }
    async function listener(process: PythonProcess): Promise<number> {
      return process.run<number>('held = listener()\nanswer = inode(held)');
    }
    function round(inode: number, likely: number[] = []): void {
      nowMs += BETWEEN_MS;
      source.round({ atMs: nowMs, sockets: [inode], likely, foreground: true });
    }
    function holders(inode: number): Held[] {
      return source.holdersOf(inode).map(({ process: { pid, name }, fd }) => ({ pid, name, fd }));
    }
    /** Asks until the answer is that of ss, which has as many holders as expected. */
    async function agrees(inode: number, count: number): Promise<void> {
      await until(`${count} holders by ss`, () => heldBySs(netns).length === count);
      for (let rounds = 0; rounds < MOST_ROUNDS; rounds++) {
        round(inode);
        if (holders(inode).length === count) break;
      }
      expect(holders(inode)).toEqual(heldBySs(netns));
      expect(source.processesOf(inode).map(({ pid }) => pid)).toEqual(holders(inode).map(({ pid }) => pid));
    }

    test('nobody holds what nobody has opened', () => {
      round(1);
      expect(holders(1)).toEqual([]);
      expect(source.processesOf(1)).toEqual([]);
    });

    test('a socket with a holder, and one that is opened later', async () => {
      const process = start(netns);
      const first = await listener(process);
      await agrees(first, 1);
      await process.run('held.close()');
      await agrees(await listener(process), 1);
      expect(holders(first)).toEqual([]);
    });

    test('fork: parent and child hold it; a child of later, too', async () => {
      const process = start(netns);
      const inode = await listener(process);
      await fork(process);
      await agrees(inode, 2);
      await fork(process);
      await agrees(inode, 3);
    });

    test('several descriptors of one process: it is named once, with the lowest', async () => {
      const process = start(netns);
      const inode = await listener(process);
      const lowest = await process.run<number>('other = os.dup(held.fileno())\nanswer = held.fileno()');
      round(inode);
      expect(holders(inode).map(({ fd }) => fd)).toEqual([lowest]);
    });

    test('a listener that forks and exits: its child alone', async () => {
      const process = start(netns);
      const inode = await listener(process);
      await agrees(inode, 1);
      const child = await fork(process);
      await process.kill();
      await agrees(inode, 1);
      expect(holders(inode)[0]?.pid).toBe(child);
    });

    test('exec: the new name', async () => {
      const process = start(netns);
      const inode = await listener(process);
      await agrees(inode, 1);
      const child = await fork(
        process,
        "os.set_inheritable(held.fileno(), True)\nos.execvp('sleep', ['sleep', '600'])",
      );
      await process.kill();
      await until('the exec', () => heldBySs(netns)[0]?.name === 'sleep');
      await agrees(inode, 1);
      expect(holders(inode)).toMatchObject([{ pid: child, name: 'sleep' }]);
    });

    test('a process that renames itself: the new name', async () => {
      const process = start(netns);
      const inode = await listener(process);
      await agrees(inode, 1);
      await process.run("rename('worker 1/2')");
      round(inode);
      expect(holders(inode)).toMatchObject([{ name: 'worker 1/2' }]);
      expect(source.processesOf(inode)).toMatchObject([{ name: 'worker 1/2' }]);
    });

    test('a socket that is handed over and closed by its sender: the receiver, outside the namespace', async () => {
      const sender = start(netns);
      const receiver = start();
      const inode = await listener(sender);
      await agrees(inode, 1);
      const at = path.join(folder, 'hand-over');
      await receiver.run(`server = socket.socket(socket.AF_UNIX)\nserver.bind('${at}')\nserver.listen()`);
      const received = receiver.run<number>('held = receive(server)\nanswer = os.getpid()');
      await sender.run(`pass_on('${at}', held)\nheld.close()`);
      const pid = await received;
      await agrees(inode, 1);
      expect(holders(inode)[0]?.pid).toBe(pid);
    });

    test('a process that has exited holds nothing from the next round on', async () => {
      const process = start(netns);
      const inode = await listener(process);
      await agrees(inode, 1);
      await process.kill();
      round(inode);
      expect(holders(inode)).toEqual([]);
    });

    test('the age is that of the last time its holders were read, and never in the future', async () => {
      const process = start(netns);
      const inode = await listener(process);
      await agrees(inode, 1);
      expect(source.asOfMs(inode)).toBeLessThanOrEqual(nowMs);
      expect(source.asOfMs(inode)).toBeGreaterThan(nowMs - MOST_ROUNDS * BETWEEN_MS);
      const before = source.asOfMs(inode);
      round(inode);
      expect(source.asOfMs(inode)).toBeGreaterThan(before ?? Number.POSITIVE_INFINITY);
      // For a socket that nobody holds it is that of the whole host.
      expect(source.asOfMs(1)).toBeLessThanOrEqual(nowMs);
    });

    test('between rounds the answer stays', async () => {
      const process = start(netns);
      const inode = await listener(process);
      await agrees(inode, 1);
      const before = source.holdersOf(inode);
      await process.run('held.close()');
      expect(source.holdersOf(inode)).toEqual(before);
    });

    test('lists of processes are shared: one for all sockets with the same holders', async () => {
      const process = start(netns);
      const inodes = await process.run<number[]>(
        'all = [listener() for _ in range(9)]\nanswer = [inode(one) for one in all]',
      );
      await fork(process);
      nowMs += BETWEEN_MS;
      source.round({ atMs: nowMs, sockets: inodes, likely: [], foreground: true });
      const lists = new Set(inodes.map((inode) => source.processesOf(inode)));
      expect(lists.size).toBe(1);
      expect([...lists][0]).toHaveLength(2);
    });
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has exited.
  }
}
