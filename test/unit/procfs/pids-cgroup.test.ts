import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readPidsCgroup } from '../../../src/procfs/pids-cgroup.ts';

const UNLIMITED = Number.POSITIVE_INFINITY;

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'pids-cgroup-'));
});
afterEach(() => fs.rmSync(root, { recursive: true }));

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(`${root}/${file}`), { recursive: true });
  fs.writeFileSync(`${root}/${file}`, text);
}

function cgroup(folder: string, current: number, max: string, events?: string): void {
  write(`cgroup/${folder}/pids.current`, `${current}\n`);
  write(`cgroup/${folder}/pids.max`, `${max}\n`);
  if (events !== undefined) write(`cgroup/${folder}/pids.events`, events);
}

const read = () => readPidsCgroup(7, `${root}/proc`, `${root}/cgroup`);

describe('the pids cgroup of a process', () => {
  test('version 1', () => {
    write('proc/7/cgroup', '8:pids:/docker/abc\n4:memory:/other\n0::/\n');
    cgroup('pids/docker/abc', 6, '6', 'max 2\n');
    expect(read()).toEqual({ path: '/docker/abc', version: 1, current: 6, max: 6, refused: 2 });
  });

  test('version 2', () => {
    write('proc/7/cgroup', '0::/system.slice/docker-abc.scope\n');
    write('cgroup/cgroup.controllers', 'pids\n');
    cgroup('system.slice/docker-abc.scope', 3, 'max');
    expect(read()).toEqual({ path: '/system.slice/docker-abc.scope', version: 2, current: 3, max: UNLIMITED });
  });

  test('hybrid: version 1 has the controller, or version 2 does', () => {
    write('proc/7/cgroup', '8:pids:/docker/abc\n0::/docker/abc\n');
    cgroup('pids/docker/abc', 1, '10', 'max 0\n');
    expect(read()).toMatchObject({ version: 1, max: 10 });
    write('proc/7/cgroup', '4:memory:/docker/abc\n0::/docker/abc\n');
    cgroup('unified/docker/abc', 2, '20', 'max 0\n');
    expect(read()).toMatchObject({ version: 2, max: 20 });
  });

  test('the tightest of those above: a pod has the limit and its container none', () => {
    write('proc/7/cgroup', '0::/kubepods/pod1/abc\n');
    write('cgroup/cgroup.controllers', 'pids\n');
    cgroup('kubepods/pod1/abc', 3, 'max');
    cgroup('kubepods/pod1', 9, '10', 'max 5\nmax.imposed 5\n');
    expect(read()).toEqual({ path: '/kubepods/pod1', version: 2, current: 9, max: 10, refused: 5 });
  });

  test('none: the root, outside of the namespace, no controller, gone', () => {
    for (const text of ['8:pids:/\n', '0::/../other\n', '0::/nothing\n', '']) {
      write('proc/7/cgroup', text);
      expect(read()).toBeUndefined();
    }
    expect(readPidsCgroup(8, `${root}/proc`, `${root}/cgroup`)).toBeUndefined();
  });
});
