import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { koffiSystemCalls } from '../../../src/kernel/koffi-system-calls.ts';
import { eachDescriptor, type ReadLinkAt } from '../../../src/procfs/descriptors.ts';

/** A process with a socket, two pipes, a file and a deleted one. */
const HELD = `
import os, socket, sys, tempfile
held = [socket.socket(), open('/etc/hostname'), tempfile.TemporaryFile(), os.pipe()]
print(flush=True)
sys.stdin.read()
`;

describe('the descriptors of a process', () => {
  const child = spawn('python3', ['-c', HELD], { stdio: ['pipe', 'pipe', 'inherit'] });
  const pid = child.pid ?? 0;
  beforeAll(() => once(child.stdout, 'data'));
  afterAll(() => {
    child.kill();
  });

  const found = () =>
    execFileSync('find', [`/proc/${pid}/fd`, '-type', 'l', '-printf', '%f %l\n'], { encoding: 'utf8' })
      .trimEnd()
      .split('\n')
      .sort();
  const seen = (readlinkat?: ReadLinkAt) => {
    const links: string[] = [];
    expect(eachDescriptor(pid, (fd, link) => links.push(`${fd} ${link}`), undefined, readlinkat)).toBe(true);
    return links.sort();
  };

  it('are what find says, read in either way', () => {
    expect(seen()).toEqual(found());
    expect(seen(koffiSystemCalls().readlinkat)).toEqual(found());
  });

  it('are left out where they were closed meanwhile', () => {
    const { readlinkat } = koffiSystemCalls();
    const closed: ReadLinkAt = (folder, name, target) => readlinkat(folder, Number(name) > 2 ? '99999' : name, target);
    expect(seen(closed)).toEqual(found().filter((line) => /^[012] /.test(line)));
  });

  it('of a process that is none are none', () => {
    expect(eachDescriptor(2 ** 22 + 1, () => {}, undefined, koffiSystemCalls().readlinkat)).toBe(false);
  });
});
