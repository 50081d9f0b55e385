import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { listPids, listProgramPids } from '../../../src/procfs/pids.ts';

test('the processes of programs are those of ps without the children of kthreadd', () => {
  const text = execFileSync('ps', ['-e', '--no-headers', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8' });
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const kernel = rows.filter(([pid, parent]) => pid === '2' || parent === '2').map(([pid]) => Number(pid));
  const found = new Set(listProgramPids());
  expect(found.has(process.pid) && found.has(1)).toBe(true);
  // A kernel thread that has just begun may be in the one list alone.
  const wrong = kernel.filter((pid) => found.has(pid) && fs.existsSync(`/proc/${pid}`));
  expect(wrong.filter((pid) => listProgramPids().includes(pid))).toEqual([]);
});

test('a process 2 that only calls itself kthreadd hides nothing', () => {
  const proc = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-pids-'));
  try {
    const stat = (pid: number, parent: number, flags: number) =>
      `${pid} (kthreadd) S ${parent} 0 0 0 -1 ${flags} ${'0 '.repeat(40)}\n`;
    for (const [pid, parent] of [
      [1, 0],
      [2, 0],
      [30, 2],
    ] as const) {
      fs.mkdirSync(path.join(proc, `${pid}/task/${pid}`), { recursive: true });
      fs.writeFileSync(path.join(proc, `${pid}/stat`), stat(pid, parent, 0x40_0040));
      fs.writeFileSync(path.join(proc, `${pid}/task/${pid}/children`), pid === 2 ? '30 ' : '');
    }
    expect(listProgramPids(proc)).toEqual(listPids(proc));
    fs.writeFileSync(path.join(proc, '2/stat'), stat(2, 0, 0x20_8040));
    expect(listProgramPids(proc)).toEqual([1]);
  } finally {
    fs.rmSync(proc, { recursive: true });
  }
});
