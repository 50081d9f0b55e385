import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';
import { insideNetns } from '../../src/kernel/namespace.ts';
import { SystemCallError } from '../../src/kernel/system-calls.ts';
import { createNetns, nodeProgram, type TestNetns } from '../support/netns.ts';

const OWN = '/proc/thread-self/ns/net';
const here = () => fs.readlinkSync(OWN);

let netns: TestNetns;
let fd: number;
beforeAll(() => {
  netns = createNetns();
  fd = fs.openSync(netns.path, 'r');
});
afterAll(() => {
  fs.closeSync(fd);
  netns.remove();
});

function probe(what: string, prefix: string[] = []) {
  const script = path.join(import.meta.dirname, '../support/namespace-probe-main.ts');
  const [program = '', ...args] = [...prefix, nodeProgram(), '--disable-warning=ExperimentalWarning', script];
  return spawnSync(program, [...args, what, netns.path], { encoding: 'utf8' });
}

describe('insideNetns', () => {
  it('runs in the other namespace and returns', () => {
    const before = here();
    const inside = insideNetns(koffiSystemCalls(), fd, here);
    expect(inside).toBe(`net:[${netns.inode}]`);
    expect(inside).not.toBe(before);
    expect(here()).toBe(before);
  });

  it('returns when the function throws, and passes the error on', () => {
    const before = here();
    const run = () =>
      insideNetns(koffiSystemCalls(), fd, () => {
        expect(here()).not.toBe(before);
        throw new Error('inside');
      });
    expect(run).toThrow('inside');
    expect(here()).toBe(before);
  });

  it('closes its descriptors, whether the function returns or throws', () => {
    const open = () => fs.readdirSync('/proc/self/fd').length;
    const calls = koffiSystemCalls();
    const before = open();
    for (let index = 0; index < 50; index++) {
      insideNetns(calls, fd, () => {});
      expect(() => insideNetns(calls, -1, () => {})).toThrow(SystemCallError);
      const throwing = () => {
        throw new Error('inside');
      };
      expect(() => insideNetns(calls, fd, throwing)).toThrow('inside');
    }
    expect(open()).toBe(before);
  });

  it('still enters a namespace that was deleted after its file was opened', () => {
    const doomed = createNetns();
    const doomedFd = fs.openSync(doomed.path, 'r');
    const { inode } = doomed;
    doomed.remove();
    expect(fs.existsSync(doomed.path)).toBe(false);
    expect(insideNetns(koffiSystemCalls(), doomedFd, here)).toBe(`net:[${inode}]`);
    fs.closeSync(doomedFd);
  });

  it('refuses a descriptor that is no namespace, and stays where it is', () => {
    const before = here();
    const file = fs.openSync('/dev/null', 'r');
    expect(() => insideNetns(koffiSystemCalls(), file, here)).toThrow('setns: EINVAL');
    fs.closeSync(file);
    expect(here()).toBe(before);
  });

  it('is refused with EPERM without CAP_SYS_ADMIN', () => {
    const without = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin', '--'];
    const { stdout, stderr } = probe('enter', without);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      name: 'SystemCallError',
      code: 'EPERM',
      errno: 1,
      syscall: 'setns',
      message: 'setns: EPERM',
    });
  });

  it('works in the same process with CAP_SYS_ADMIN', () => {
    // Checks the test above: only the capability was missing there.
    expect(JSON.parse(probe('enter').stdout)).toEqual({ inside: `net:[${netns.inode}]` });
  });

  it('exits when it cannot return', () => {
    const { status, stdout, stderr } = probe('stranded');
    expect(status).toBe(70);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^socklens: cannot return to its own network namespace .*EPERM.*\n$/);
  });
});

describe('koffiSystemCalls', () => {
  it.each([
    ['EBADF', 9, 'setns', () => koffiSystemCalls().setns(-1, 0)],
    ['EAFNOSUPPORT', 97, 'socket', () => koffiSystemCalls().socket(255, 3, 0)],
    ['EPROTONOSUPPORT', 93, 'socket', () => koffiSystemCalls().socket(16, 3, 9999)],
    ['ENOTSOCK', 88, 'setsockopt', () => koffiSystemCalls().setsockopt(fd, 1, 20, new Uint8Array(16))],
  ])('names the error %s', (code, errno, syscall, call) => {
    let caught: unknown;
    try {
      call();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(SystemCallError);
    expect(caught).toMatchObject({ code, errno, syscall, message: `${syscall}: ${code}` });
  });

  it('gives back a descriptor that Node can close', () => {
    const socket = koffiSystemCalls().socket(16, 3, 4);
    expect(fs.readlinkSync(`/proc/self/fd/${socket}`)).toMatch(/^socket:/);
    fs.closeSync(socket);
    expect(fs.existsSync(`/proc/self/fd/${socket}`)).toBe(false);
  });
});
