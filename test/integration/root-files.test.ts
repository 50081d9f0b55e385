import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';
import { RootFiles, type RootFilesOptions } from '../../src/kernel/root-files.ts';
import { SystemCallError } from '../../src/kernel/system-calls.ts';

/** The folder that stands for the root of a container; the test's own files outside of it must never be read. */
let root = '';
let outside = '';

beforeAll(() => {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'root-files-'));
  outside = path.join(base, 'outside');
  root = path.join(base, 'root');
  fs.mkdirSync(path.join(root, 'etc/conf.d'), { recursive: true });
  fs.writeFileSync(outside, 'outside');
  // What an absolute link means inside: the same path below the root.
  fs.mkdirSync(path.join(root, path.dirname(outside)), { recursive: true });
  fs.writeFileSync(path.join(root, outside), 'inside');
  fs.writeFileSync(path.join(root, 'etc/app.conf'), 'setting');
  fs.symlinkSync(outside, path.join(root, 'etc/absolute'));
  fs.symlinkSync('../../outside', path.join(root, 'etc/relative'));
  fs.symlinkSync('/etc', path.join(root, 'linked-folder'));
  fs.symlinkSync('loop', path.join(root, 'loop'));
  fs.symlinkSync('/proc/self/root/etc/hostname', path.join(root, 'magic'));
  fs.symlinkSync('app.conf', path.join(root, 'etc/near'));
  spawnSync('mkfifo', [path.join(root, 'fifo')]);
  fs.writeFileSync(path.join(root, 'etc/conf.d/a.conf'), '');
  fs.writeFileSync(path.join(root, 'etc/conf.d/b.conf'), '');
});

afterAll(() => fs.rmSync(path.dirname(root), { recursive: true, force: true }));

/** openat2(2) as a kernel before 5.6 answers. */
const withoutOpenat2 = {
  ...koffiSystemCalls(),
  openat2: () => {
    throw new SystemCallError('openat2', 38, 'ENOSYS');
  },
};

const WAYS: readonly [string, RootFilesOptions][] = [
  ['openat2', { calls: koffiSystemCalls() }],
  ['by hand, without foreign calls', {}],
  ['by hand, without openat2', { calls: withoutOpenat2 }],
  ['by hand, with refused mounts', { calls: koffiSystemCalls(), refused: (at) => at.startsWith('/mnt') }],
];

describe.each(WAYS)('files below a root, %s', (_, options) => {
  const within = <T>(use: (files: RootFiles) => T): T => {
    const files = RootFiles.open(root, options);
    if (files === undefined) throw new Error('cannot hold the root');
    try {
      return use(files);
    } finally {
      files.close();
    }
  };
  const textOf = (name: string) =>
    within((files) => {
      const fd = files.openFile(name);
      if (fd === undefined) return undefined;
      try {
        return fs.readFileSync(fd, 'utf8');
      } finally {
        fs.closeSync(fd);
      }
    });

  test('an ordinary file, also behind a link and a linked folder', () => {
    expect(textOf('/etc/app.conf')).toBe('setting');
    expect(textOf('etc/./app.conf')).toBe('setting');
    expect(textOf('/etc/near')).toBe('setting');
    expect(textOf('/linked-folder/app.conf')).toBe('setting');
  });

  test('an absolute link leads to the file inside, never to that of the reader', () => {
    expect(fs.readFileSync(`${root}/etc/absolute`, 'utf8')).toBe('outside');
    expect(textOf('/etc/absolute')).toBe('inside');
  });

  test('dots do not leave the root', () => {
    expect(fs.readFileSync(`${root}/etc/relative`, 'utf8')).toBe('outside');
    expect(textOf('/etc/relative')).toBeUndefined();
    expect(textOf('../outside')).toBeUndefined();
    expect(textOf('/../../etc/app.conf')).toBe('setting');
  });

  test('a magic link of /proc, a circle of links and a missing file are nothing', () => {
    expect(textOf('/magic')).toBeUndefined();
    expect(textOf('/loop')).toBeUndefined();
    expect(textOf('/etc/none')).toBeUndefined();
    expect(textOf('/etc/app.conf/below')).toBeUndefined();
    expect(textOf('/etc')).toBeUndefined();
    expect(textOf('/etc/app\0.conf')).toBeUndefined();
  });

  test('a FIFO is not opened: a writer that waits for a reader goes on waiting', () => {
    const writes = () => {
      try {
        fs.closeSync(fs.openSync(`${root}/fifo`, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK));
        return 'opened';
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
    };
    expect(textOf('/fifo')).toBeUndefined();
    expect(writes()).toBe('ENXIO');
  });

  test('the access time of a file stays', () => {
    fs.utimesSync(`${root}/etc/app.conf`, 1, 2_000_000_000);
    expect(textOf('/etc/app.conf')).toBe('setting');
    expect(fs.statSync(`${root}/etc/app.conf`).atimeMs).toBe(1000);
  });

  test('names in a folder, as many as wanted', () => {
    expect(within((files) => files.list('/etc/conf.d', 10)?.sort())).toEqual(['a.conf', 'b.conf']);
    expect(within((files) => files.list('/etc/conf.d', 1))).toHaveLength(1);
    expect(within((files) => files.list('/etc/app.conf', 10))).toBeUndefined();
    expect(within((files) => files.list('/none', 10))).toBeUndefined();
  });

  test('no descriptor stays open', () => {
    const before = fs.readdirSync('/proc/self/fd').length;
    for (const name of [
      '/etc/app.conf',
      '/etc/absolute',
      '/magic',
      '/loop',
      '/fifo',
      '/etc',
      '../..',
      '/linked-folder/x',
    ])
      textOf(name);
    within((files) => files.list('/etc/conf.d', 10));
    expect(fs.readdirSync('/proc/self/fd')).toHaveLength(before);
  });
});

test('a refused mount is not touched, also where a link leads to it', () => {
  fs.mkdirSync(path.join(root, 'mnt/dead'), { recursive: true });
  fs.writeFileSync(path.join(root, 'mnt/dead/app.conf'), 'over the network');
  fs.symlinkSync('../mnt/dead/app.conf', path.join(root, 'etc/far'));
  const refused: string[] = [];
  const files = RootFiles.open(root, {
    calls: koffiSystemCalls(),
    refused: (at) => {
      if (at !== '/mnt/dead') return false;
      refused.push(at);
      return true;
    },
  });
  expect(files?.openFile('/etc/far')).toBeUndefined();
  expect(files?.openFile('/mnt/dead/app.conf')).toBeUndefined();
  expect(refused).toEqual(['/mnt/dead', '/mnt/dead']);
  files?.close();
});
