import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readMemoryCgroup } from '../../../src/procfs/memory-cgroup.ts';

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'memory-cgroup-'));
});
afterEach(() => fs.rmSync(root, { recursive: true }));

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(`${root}/${file}`), { recursive: true });
  fs.writeFileSync(`${root}/${file}`, text);
}

const read = () => readMemoryCgroup(7, `${root}/proc`, `${root}/cgroup`);

test('version 1, with a limit and without', () => {
  write('proc/7/cgroup', '4:memory:/docker/abc\n0::/\n');
  write('cgroup/memory/docker/abc/memory.kmem.tcp.usage_in_bytes', '73728\n');
  write('cgroup/memory/docker/abc/memory.limit_in_bytes', '134217728\n');
  write('cgroup/memory/docker/abc/memory.kmem.tcp.limit_in_bytes', '1073741824\n');
  expect(read()).toEqual({ socketBytes: 73_728, limitBytes: 134_217_728 });
  write('cgroup/memory/docker/abc/memory.limit_in_bytes', '9223372036854771712\n');
  expect(read()?.limitBytes).toBe(Number.POSITIVE_INFINITY);
});

test('version 1 charges nothing where TCP has no limit of its own', () => {
  write('proc/7/cgroup', '4:memory:/docker/abc\n');
  write('cgroup/memory/docker/abc/memory.kmem.tcp.usage_in_bytes', '0\n');
  write('cgroup/memory/docker/abc/memory.limit_in_bytes', '134217728\n');
  write('cgroup/memory/docker/abc/memory.kmem.tcp.limit_in_bytes', '9223372036854771712\n');
  expect(read()).toBeUndefined();
});

test('version 2, with a limit and without', () => {
  write('proc/7/cgroup', '0::/system.slice/docker-abc.scope\n');
  write('cgroup/cgroup.controllers', 'memory\n');
  write('cgroup/system.slice/docker-abc.scope/memory.stat', 'anon 1\nsock 40960\nshmem 0\n');
  write('cgroup/system.slice/docker-abc.scope/memory.max', '67108864\n');
  expect(read()).toEqual({ socketBytes: 40_960, limitBytes: 67_108_864 });
  write('cgroup/system.slice/docker-abc.scope/memory.max', 'max\n');
  expect(read()?.limitBytes).toBe(Number.POSITIVE_INFINITY);
});

test('nothing for the root cgroup, another namespace, a process that has exited, a controller without the counters', () => {
  expect(read()).toBeUndefined();
  for (const line of ['0::/\n', '0::/../x\n', '4:memory:/docker/abc\n']) {
    write('proc/7/cgroup', line);
    expect(read()).toBeUndefined();
  }
});
