import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTrusted, trustedOwners } from '../../../../src/collect/config/config-trust.ts';

let folder: string;
let file: string;
const ME = process.geteuid?.() ?? 0;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'config-trust-'));
  file = `${folder}/socklens.toml`;
  fs.writeFileSync(file, 'x = 1\n');
  fs.chmodSync(file, 0o644);
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** The text of the file, or why it is refused. */
function read(name = file, owners: ReadonlySet<number> = new Set([ME])): string {
  const opened = openTrusted(name, owners);
  if (typeof opened === 'string') return `refused: ${opened}`;
  try {
    return fs.readFileSync(opened, 'utf8');
  } finally {
    fs.closeSync(opened);
  }
}

describe('a file that the user did not name', () => {
  test('of the user alone is read', () => {
    expect(read()).toBe('x = 1\n');
    fs.chmodSync(folder, 0o755);
    expect(read()).toBe('x = 1\n');
  });

  test('in a folder of another owner is refused', () => {
    expect(read(file, new Set([ME + 1]))).toBe(
      `refused: the folder ${folder} is owned by uid ${ME}, which is neither yours nor root's`,
    );
  });

  test.each([
    [0o664, `is writable by its group (mode 0664; run chmod g-w`],
    [0o646, `is writable by everyone (mode 0646; run chmod o-w`],
    [0o666, `is writable by everyone (mode 0666; run chmod o-w`],
  ])('with mode %o is refused', (mode, why) => {
    fs.chmodSync(file, mode);
    expect(read()).toBe(`refused: ${file} ${why} ${file})`);
  });

  test.each([
    [0o775, `is writable by its group (mode 0775; run chmod g-w`],
    [0o777, `is writable by everyone (mode 0777; run chmod o-w`],
    [0o1777, `is writable by everyone (mode 1777; run chmod o-w`],
  ])(
    'in a folder with mode %o is refused: the sticky bit does not prevent others from creating the file',
    (mode, why) => {
      fs.chmodSync(folder, mode);
      expect(read()).toBe(`refused: the folder ${folder} ${why} ${folder})`);
    },
  );

  test('that is a link is checked by its target', () => {
    const elsewhere = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'config-trust-'));
    try {
      fs.writeFileSync(`${elsewhere}/real.toml`, 'y = 2\n');
      fs.rmSync(file);
      fs.symlinkSync(`${elsewhere}/real.toml`, file);
      expect(read()).toBe('y = 2\n');
      fs.chmodSync(elsewhere, 0o777);
      expect(read()).toContain(`refused: the folder ${elsewhere} is writable by everyone (mode 0777`);
      fs.chmodSync(elsewhere, 0o755);
      fs.chmodSync(`${elsewhere}/real.toml`, 0o666);
      expect(read()).toContain(`refused: ${elsewhere}/real.toml is writable by everyone (mode 0666`);
      // A user who can write the folder of the link can replace it.
      fs.chmodSync(`${elsewhere}/real.toml`, 0o644);
      fs.chmodSync(folder, 0o777);
      expect(read()).toContain(`refused: the folder ${folder} is writable by everyone`);
    } finally {
      fs.rmSync(elsewhere, { recursive: true });
    }
  });

  test('that is missing, or a link to nothing, is ENOENT', () => {
    fs.rmSync(file);
    expect(() => read()).toThrow('ENOENT');
    fs.symlinkSync(`${folder}/nothing`, file);
    expect(() => read()).toThrow('ENOENT');
  });

  test('that is not a regular file is refused, and opening a FIFO does not block', () => {
    fs.rmSync(file);
    fs.mkdirSync(file);
    expect(read()).toBe(`refused: ${file} is not a regular file`);
    fs.rmdirSync(file);
    execFileSync('mkfifo', [file]);
    expect(read()).toBe(`refused: ${file} is not a regular file`);
  });

  test.skipIf(ME !== 0)('of another user in a folder of root is refused (skipped without root)', () => {
    fs.chownSync(file, 12_345, 12_345);
    expect(read()).toBe(`refused: ${file} is owned by uid 12345, which is neither yours nor root's`);
    expect(read(file, trustedOwners(0, { SUDO_UID: '12345' }))).toBe('x = 1\n');
  });
});

test('trusted are the user, root, and the caller of sudo', () => {
  expect([...trustedOwners(1000, {})]).toEqual([0, 1000]);
  expect([...trustedOwners(0, {})]).toEqual([0]);
  expect([...trustedOwners(0, { SUDO_UID: '1000' })]).toEqual([0, 1000]);
  // Any user can set the variable: it is believed only for root.
  expect([...trustedOwners(1000, { SUDO_UID: '7' })]).toEqual([0, 1000]);
  expect([...trustedOwners(0, { SUDO_UID: '-1' })]).toEqual([0]);
  expect([...trustedOwners(0, { SUDO_UID: '' })]).toEqual([0]);
});
