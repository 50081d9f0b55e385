import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stoppedBy } from '../../../src/procfs/stopped.ts';

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'stopped-'));
});
afterEach(() => fs.rmSync(root, { recursive: true }));

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(`${root}/${file}`), { recursive: true });
  fs.writeFileSync(`${root}/${file}`, text);
}

function process7(state: string, cgroup: string): void {
  write('proc/7/stat', `7 (a (b)) ${state} 1 ${Array.from({ length: 40 }, () => 0).join(' ')}\n`);
  write('proc/7/cgroup', cgroup);
}

const read = () => stoppedBy(7, `${root}/proc`, `${root}/cgroup`);

describe('what stops a process', () => {
  test('a signal, and a debugger', () => {
    process7('T', '0::/docker/abc\n');
    expect(read()).toBe('signal');
    process7('t', '0::/docker/abc\n');
    expect(read()).toBe('signal');
  });

  test('the freezer of version 2, and of version 1', () => {
    process7('S', '0::/docker/abc\n');
    write('cgroup/cgroup.controllers', 'pids\n');
    write('cgroup/docker/abc/cgroup.events', 'populated 1\nfrozen 1\n');
    expect(read()).toBe('freezer');
    process7('D', '7:freezer:/docker/def\n0::/\n');
    write('cgroup/freezer/docker/def/freezer.state', 'FROZEN\n');
    expect(read()).toBe('freezer');
  });

  test('nothing: it sleeps, it is in no cgroup, it has exited', () => {
    process7('S', '0::/docker/abc\n');
    write('cgroup/cgroup.controllers', 'pids\n');
    write('cgroup/docker/abc/cgroup.events', 'populated 1\nfrozen 0\n');
    expect(read()).toBeUndefined();
    process7('S', '0::/\n');
    expect(read()).toBeUndefined();
    expect(stoppedBy(8, `${root}/proc`, `${root}/cgroup`)).toBeUndefined();
  });

  test('a real process that SIGSTOP stops, until it goes on', async () => {
    const child = spawn('sleep', ['1000']);
    await once(child, 'spawn');
    try {
      expect(stoppedBy(child.pid ?? 0)).toBeUndefined();
      child.kill('SIGSTOP');
      await expect.poll(() => stoppedBy(child.pid ?? 0), { timeout: 60_000 }).toBe('signal');
      child.kill('SIGCONT');
      await expect.poll(() => stoppedBy(child.pid ?? 0), { timeout: 60_000 }).toBeUndefined();
    } finally {
      child.kill('SIGKILL');
    }
  }, 180_000);
});
