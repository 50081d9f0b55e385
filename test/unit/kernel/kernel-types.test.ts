import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KernelTypes } from '../../../src/bpf/kernel-types.ts';
import { buildIdOf, readBuildId } from '../../../src/kernel/bpf/build-id.ts';
import { KERNEL_TYPES_FILES, withKernelTypes } from '../../../src/kernel/bpf/kernel-types.ts';

const isRoot = process.geteuid?.() === 0;
const hasBtf = fs.existsSync(KERNEL_TYPES_FILES.btf) && readBuildId() !== undefined;

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-types-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

describe('the build id of a kernel', () => {
  // Notes as readelf -n shows them: Xen's first, whose name needs no padding and whose content does.
  const xen = '040000000200000012000000' + '58656e00' + 'abcd0000';
  const gnu = '040000000400000003000000' + '474e5500' + 'deadbeef';

  it('is found among other notes', () => {
    expect(buildIdOf(Buffer.from(xen + gnu, 'hex'))).toBe('deadbeef');
  });

  it.each([
    ['none', ''],
    ['another note', xen],
    ['a truncated note', gnu.slice(0, -2)],
  ])('%s: undefined', (_, hex) => {
    expect(buildIdOf(Buffer.from(hex, 'hex'))).toBeUndefined();
  });
});

describe.skipIf(!isRoot || !hasBtf)('the cache of kernel types', () => {
  const cache = () => path.join(folder, 'socklens');
  const file = () => path.join(cache(), 'kernel-types.json');
  const ask = (types: KernelTypes) => types.member('sock_common', 'skc_family');
  const read = (use: (types: KernelTypes) => unknown = ask, changes = {}) =>
    withKernelTypes(use, { ...KERNEL_TYPES_FILES, cache: cache(), ...changes });
  /** Whether a question is answered without the kernel's description. */
  const isCached = (changes = {}) => {
    try {
      read(ask, { btf: '/nonexistent', ...changes });
      return true;
    } catch {
      return false;
    }
  };

  it('spares the next command the kernel’s description, and belongs to root alone', () => {
    expect(isCached()).toBe(false);
    // include/net/sock.h: behind four words of addresses and ports.
    expect(read()).toEqual({ offset: 16, size: 2 });
    const { uid, mode } = fs.statSync(file());
    expect([uid, mode & 0o777]).toEqual([0, 0o600]);
    expect(isCached()).toBe(true);
    expect(fs.readdirSync(cache())).toEqual(['kernel-types.json']);
  });

  it('is extended by further questions', () => {
    read();
    read((types) => types.member('sock_common', 'skc_rcv_saddr'));
    expect(isCached()).toBe(true);
  });

  it('of another kernel is not used, and is replaced', () => {
    read();
    const notes = path.join(folder, 'notes');
    const header = Uint32Array.of(4, 4, 3);
    fs.writeFileSync(notes, Buffer.concat([Buffer.from(header.buffer), Buffer.from('GNU\0abcd')]));
    expect(isCached({ notes })).toBe(false);
    read(ask, { notes });
    expect(isCached({ notes })).toBe(true);
    expect(isCached()).toBe(false);
  });

  it.each<[what: string, change: () => void]>([
    ['others can read', () => fs.chmodSync(file(), 0o644)],
    ['another user owns', () => fs.chownSync(file(), 1, 0)],
    ['is in a folder that others can write to', () => fs.chmodSync(cache(), 0o777)],
    ['is in the folder of another user', () => fs.chownSync(cache(), 1, 0)],
    [
      'is a symbolic link',
      () => {
        fs.renameSync(file(), path.join(folder, 'target'));
        fs.symlinkSync(path.join(folder, 'target'), file());
      },
    ],
    ['is no JSON', () => fs.writeFileSync(file(), '{')],
    [
      'has answers of another form',
      () => fs.writeFileSync(file(), fs.readFileSync(file(), 'utf8').replace('[16,2]', '[-16,2]')),
    ],
    [
      'is a FIFO',
      () => {
        fs.rmSync(file());
        execFileSync('mkfifo', ['-m', '600', file()]);
      },
    ],
  ])('a file that %s is not used', (_, change) => {
    read();
    change();
    expect(isCached()).toBe(false);
  });

  it('a folder that cannot be made is no error', () => {
    expect(read(ask, { cache: '/proc/socklens' })).toEqual({ offset: 16, size: 2 });
  });
});

it('a kernel without a description of its types has none', () => {
  const files = { ...KERNEL_TYPES_FILES, btf: '/nonexistent', cache: folder };
  expect(() => withKernelTypes((types) => types.id('func', 'x'), files)).toThrow('does not describe its types');
});
