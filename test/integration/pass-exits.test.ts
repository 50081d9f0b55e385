/** A process that is killed while a pass over all descriptors is in the middle of its own. */
import fs from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { heldPass } from '../../src/collect/owners/owner-pass.ts';
import { PassOwners } from '../../src/collect/owners/pass-owners.ts';
import { PythonProcess } from '../support/python-process.ts';

const machine = localMachine({});
const pass = heldPass(machine);

/** More than the kernel gives at a time. */
const SOCKETS = 1500;
const HOLD = (count: number) => `
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
held = [socket.socket() for _ in range(${count})]
answer = [os.getpid(), [inode(one) for one in held]]
`;

type Holding = [pid: number, inodes: number[]];

describe.skipIf(typeof pass === 'string')('a process that is killed during the pass', () => {
  const processes: PythonProcess[] = [];
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const process of processes.splice(0)) await process.kill();
  });
  const started = () => {
    const process = new PythonProcess();
    processes.push(process);
    return process;
  };

  test('has at most what it held, and every other process all that it holds', async () => {
    const [pid, inodes] = await started().run<Holding>(HOLD(SOCKETS));
    const [survivor, kept] = await started().run<Holding>(HOLD(10));
    const { readSync } = fs;
    let killed = false;
    vi.spyOn(fs, 'readSync').mockImplementation(((...args: Parameters<typeof fs.readSync>) => {
      const count = readSync(...args);
      const [, buffer, offset] = args as unknown as [number, Buffer, number];
      if (!killed && has(buffer.subarray(offset, offset + count), pid, inodes.slice(0, 50))) {
        killed = true;
        process.kill(pid, 'SIGKILL');
        while (descriptorsOf(pid) > 0);
      }
      return count;
    }) as typeof fs.readSync);

    const table = (pass as Exclude<typeof pass, string>).read();
    vi.restoreAllMocks();
    expect(killed).toBe(true);
    const rows = Array.from({ length: table.rows }, (_, row) => ({
      pid: table.column('pid')[row],
      inode: table.column('inode')[row] ?? 0,
    }));
    const found = rows.filter((row) => row.pid === pid).map(({ inode }) => inode);
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(SOCKETS);
    // Its standard streams are sockets too.
    expect(found.filter((inode) => !inodes.includes(inode)).length).toBeLessThanOrEqual(3);
    expect(new Set(found).size).toBe(found.length);
    const ofSurvivor = rows.filter((row) => row.pid === survivor).map(({ inode }) => inode);
    expect(ofSurvivor).toEqual(expect.arrayContaining(kept));

    const owners = new PassOwners(machine, { read: () => table } as never);
    owners.round({ atMs: Date.now(), sockets: kept, likely: [], foreground: true });
    expect(kept.map((inode) => owners.processesOf(inode).map((each) => each.pid))).toEqual(kept.map(() => [survivor]));
  });
});

/** Whether a record is of one of these sockets of a process: it begins with the inode, 16 bytes later is the PID. */
function has(bytes: Buffer, pid: number, inodes: readonly number[]): boolean {
  return inodes.some((inode) => {
    const wanted = Buffer.alloc(8);
    wanted.writeBigUInt64LE(BigInt(inode));
    for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1))
      if (at + 20 <= bytes.length && bytes.readUInt32LE(at + 16) === pid) return true;
    return false;
  });
}

/** 0 for a process that has exited: a zombie has none. */
function descriptorsOf(pid: number): number {
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
