/** What a pass says of the descriptors of a process, instead of their links: against `/proc/PID/fd`. */
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { scanDescriptors } from '../../src/collect/owners/descriptor-kinds.ts';
import { heldPass } from '../../src/collect/owners/owner-pass.ts';
import { HeldSockets } from '../../src/sources/live/held-sockets.ts';
import { KindsSampler } from '../../src/sources/live/kinds-sampler.ts';
import { PythonProcess } from '../support/python-process.ts';

const machine = localMachine({});
const pass = heldPass(machine);

/** Six listeners, and a socket and a file that are not. */
const HOLD = `
import ctypes, threading
held = [listener() for _ in range(6)] + [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), open('/etc/hostname')]
answer = os.getpid()
`;
const REPLACE = `
file = os.open('/etc/hostname', os.O_RDONLY)
for one in held[1:6]: os.dup2(file, one.fileno())
os.close(file)
`;
/** A thread with a table of its own (CLONE_FILES), in which the file is a socket. */
const APART = `
def apart(ready):
    ctypes.CDLL(None).unshare(0x400)
    os.dup2(held[0].fileno(), held[7].fileno())
    ready.set()
    threading.Event().wait()
ready = threading.Event()
threading.Thread(target=apart, args=(ready,), daemon=True).start()
ready.wait()
`;

function socketsOf(pid: number): Map<number, number> {
  const sockets = new Map<number, number>();
  for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) {
    const inode = /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
    if (inode !== undefined) sockets.set(Number(fd), Number(inode));
  }
  return sockets;
}

describe.skipIf(typeof pass === 'string')('the descriptors of a process by a pass', () => {
  const holder = new PythonProcess();
  let pid = 0;
  const held = () => new HeldSockets((pass as Exclude<typeof pass, string>).read(), Date.now());
  beforeAll(async () => {
    pid = await holder.run<number>(HOLD);
  });
  afterAll(() => holder.kill());

  test('are its sockets of every family, and the scan is that of its links', () => {
    const found = held().descriptorsOf(pid);
    expect(found).toEqual(socketsOf(pid));
    expect(found?.size).toBeGreaterThanOrEqual(7);
    expect(scanDescriptors(machine, pid, found)).toEqual(scanDescriptors(machine, pid));
  });

  test('are no zombies where the process has replaced them by files since the pass', async () => {
    const before = held();
    await holder.run(REPLACE);
    const sampler = new KindsSampler(machine);
    const process = { pid, name: 'python3', startTicks: 0, used: 0, softLimit: null, hardLimit: null };
    const scans = sampler.scan(Date.now(), [process], before) ?? [];
    const [named] = sampler.named([process], scans, 0, { each: () => {} });
    expect(named?.kinds?.byKind).toMatchObject({ otherSocket: 5 });
    expect(named?.kinds?.byKind).not.toHaveProperty('zombie');
  });

  test('are not told of a process with a thread that has descriptors of its own', async () => {
    await holder.run(APART);
    const now = held();
    expect(now.descriptorsOf(pid)).toBeUndefined();
    expect(scanDescriptors(machine, pid, now.descriptorsOf(pid))?.sockets).toEqual(
      [...socketsOf(pid)].map(([fd, inode]) => ({ fd, inode })),
    );
  });
});
