/** Who holds which socket, from /proc: the contract, and what only a scan of processes meets. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { ProcOwners } from '../../src/collect/owners/proc-owners.ts';
import { NO_OTHER_USER, otherUser } from '../support/other-user.ts';
import { PythonProcess } from '../support/python-process.ts';
import { describeOwnerSource } from './owner-contract.ts';

const machine = localMachine({});
const ample = { mayRun: () => true, spend: <T>(work: () => T) => work() };
const exhausted = { ...ample, mayRun: () => false };

describeOwnerSource({ name: 'every process in every round', make: () => new ProcOwners(machine) });
describeOwnerSource({ name: 'in rounds', make: () => new ProcOwners(machine, ample) });

describe('a scan of processes', () => {
  let process: PythonProcess;
  let inode: number;
  let pid: number;
  beforeEach(async () => {
    process = new PythonProcess();
    [pid, inode] = await process.run<[number, number]>('held = listener()\nanswer = [os.getpid(), inode(held)]');
  });
  afterEach(() => process.kill());

  const pids = (source: ProcOwners) => source.processesOf(inode).map((holder) => holder.pid);

  test('a process that exits while it is read holds nothing', () => {
    const calls = machine.systemCalls();
    let isKilled = false;
    const readlinkat: typeof calls.readlinkat = (folder, name, target) => {
      if (!isKilled) {
        isKilled = true;
        globalThis.process.kill(pid, 'SIGKILL');
        // Not reaped before this test ends: a zombie from here on.
        while (!/^State:\s*Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) /* wait */);
      }
      return calls.readlinkat(folder, name, target);
    };
    const proc = fs.mkdtempSync(path.join(os.tmpdir(), 'proc-'));
    fs.symlinkSync(`/proc/${pid}`, `${proc}/${pid}`);
    const source = new ProcOwners({ ...machine, proc, systemCalls: () => ({ ...calls, readlinkat }) });
    source.round({ atMs: Date.now(), sockets: [inode], likely: [], foreground: true });
    fs.rmSync(proc, { recursive: true });
    expect(isKilled).toBe(true);
    expect(pids(source)).toEqual([]);
    expect(source.denied).toEqual([]);
  });

  test('a PID that is reused: what the process before it held is not taken for the new one’s', async () => {
    const other = new PythonProcess();
    // A process that starts later has another start time where it is a tick of 10 ms later.
    const start = (of: number) => fs.readFileSync(`/proc/${of}/stat`, 'latin1').split(') ')[1]?.split(' ')[19];
    const otherPid = await other.run<number>('answer = os.getpid()');
    const proc = fs.mkdtempSync(path.join(os.tmpdir(), 'proc-'));
    try {
      expect(start(otherPid)).not.toBe(start(pid));
      fs.symlinkSync(`/proc/${pid}`, `${proc}/4242`);
      const source = new ProcOwners({ ...machine, proc }, exhausted);
      const at = Date.now();
      source.round({ atMs: at, sockets: [inode], likely: [], foreground: true });
      expect(pids(source)).toEqual([4242]);
      fs.unlinkSync(`${proc}/4242`);
      fs.symlinkSync(`/proc/${otherPid}`, `${proc}/4242`);
      source.round({ atMs: at + 100, sockets: [inode], likely: [], foreground: true });
      expect(pids(source)).toEqual([]);
    } finally {
      fs.rmSync(proc, { recursive: true });
      await other.kill();
    }
  });

  const user = otherUser();
  test.skipIf(user === undefined)(`a process that may not be read is named as such (${NO_OTHER_USER})`, () => {
    const main = path.resolve(import.meta.dirname, '../support/owners-main.ts');
    const text = execFileSync(globalThis.process.execPath, [main, String(inode)], {
      uid: user,
      gid: user,
      encoding: 'utf8',
    });
    const { holders, denied } = JSON.parse(text) as { holders: number[][]; denied: number[] };
    expect(holders).toEqual([[]]);
    expect(denied).toContain(pid);
  });

  test('without budget: new sockets, exits and names are noticed, and nothing else is read again', async () => {
    const source = new ProcOwners(machine, exhausted);
    const at = Date.now();
    source.round({ atMs: at, sockets: [inode], likely: [pid], foreground: true });
    expect(source.asOfMs(inode)).toBe(at);
    await process.run("rename('renamed')");
    source.round({ atMs: at + 2000, sockets: [inode], likely: [pid], foreground: true });
    expect(source.processesOf(inode)).toMatchObject([{ pid, name: 'renamed' }]);
    expect(source.asOfMs(inode)).toBe(at);
    const second = await process.run<number>('second = listener()\nanswer = inode(second)');
    source.round({ atMs: at + 4000, sockets: [inode, second], likely: [pid], foreground: true });
    expect(source.processesOf(second)).toMatchObject([{ pid }]);
  });

  test('a socket that nobody holds does not have its likely processes read in every round', async () => {
    const calls = machine.systemCalls();
    let reads = 0;
    const readlinkat: typeof calls.readlinkat = (...args) => {
      reads++;
      return calls.readlinkat(...args);
    };
    const source = new ProcOwners({ ...machine, systemCalls: () => ({ ...calls, readlinkat }) }, exhausted);
    const closed = await process.run<number>('gone = listener()\nanswer = inode(gone)\ngone.close()');
    const readsOfRounds = Array.from({ length: 8 }, (_, round) => {
      reads = 0;
      source.round({ atMs: Date.now() + round * 10, sockets: [closed], likely: [pid], foreground: true });
      return reads;
    });
    expect(readsOfRounds[0]).toBeGreaterThan(0);
    expect(readsOfRounds[1]).toBeGreaterThan(0);
    expect(readsOfRounds.slice(4)).toEqual([0, 0, 0, 0]);
  });

  test('in the background a host that was never read is read within the budget only', () => {
    const source = new ProcOwners(machine, exhausted);
    source.round({ atMs: Date.now(), sockets: [inode], likely: [], foreground: false });
    expect(pids(source)).toEqual([]);
    expect(source.asOfMs(inode)).toBeUndefined();
    source.round({ atMs: Date.now(), sockets: [inode], likely: [pid], foreground: false });
    expect(pids(source)).toEqual([pid]);
  });
});
