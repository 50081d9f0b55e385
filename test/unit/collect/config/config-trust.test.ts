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

/** The text of the file, or what is wrong with it. */
function read(name = file, owners: ReadonlySet<number> = new Set([ME])): string {
  const opened = openTrusted(name, owners);
  if (typeof opened === 'string') return `refused: ${opened}`;
  try {
    return fs.readFileSync(opened, 'utf8');
  } finally {
    fs.closeSync(opened);
  }
}

describe('a file that nobody named', () => {
  test('of the user alone is read', () => {
    expect(read()).toBe('x = 1\n');
    fs.chmodSync(folder, 0o755);
    expect(read()).toBe('x = 1\n');
  });

  test('in a folder of another owner is refused', () => {
    expect(read(file, new Set([ME + 1]))).toBe(
      `refused: the folder ${folder} belongs to user ${ME}, who is neither you nor root`,
    );
  });

  test.each([
    [0o664, `can be written by its group (mode 0664; chmod g-w`],
    [0o646, `can be written by everyone (mode 0646; chmod o-w`],
    [0o666, `can be written by everyone (mode 0666; chmod o-w`],
  ])('with mode %o is refused', (mode, why) => {
    fs.chmodSync(file, mode);
    expect(read()).toBe(`refused: ${file} ${why} ${file})`);
  });

  test.each([
    [0o775, `can be written by its group (mode 0775; chmod g-w`],
    [0o777, `can be written by everyone (mode 0777; chmod o-w`],
    [0o1777, `can be written by everyone (mode 1777; chmod o-w`],
  ])('in a folder with mode %o is refused: the sticky bit does not keep others from making the file', (mode, why) => {
    fs.chmodSync(folder, mode);
    expect(read()).toBe(`refused: the folder ${folder} ${why} ${folder})`);
  });

  test('that is a link is judged by what it leads to', () => {
    const elsewhere = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'config-trust-'));
    try {
      fs.writeFileSync(`${elsewhere}/real.toml`, 'y = 2\n');
      fs.rmSync(file);
      fs.symlinkSync(`${elsewhere}/real.toml`, file);
      expect(read()).toBe('y = 2\n');
      fs.chmodSync(elsewhere, 0o777);
      expect(read()).toContain(`refused: the folder ${elsewhere} can be written by everyone (mode 0777`);
      fs.chmodSync(elsewhere, 0o755);
      fs.chmodSync(`${elsewhere}/real.toml`, 0o666);
      expect(read()).toContain(`refused: ${elsewhere}/real.toml can be written by everyone (mode 0666`);
      // Whoever may write the folder of the link can make it lead elsewhere.
      fs.chmodSync(`${elsewhere}/real.toml`, 0o644);
      fs.chmodSync(folder, 0o777);
      expect(read()).toContain(`refused: the folder ${folder} can be written by everyone`);
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

  test('that is no file is refused, and a FIFO is not waited for', () => {
    fs.rmSync(file);
    fs.mkdirSync(file);
    expect(read()).toBe(`refused: ${file} is not a regular file`);
    fs.rmdirSync(file);
    execFileSync('mkfifo', [file]);
    expect(read()).toBe(`refused: ${file} is not a regular file`);
  });

  test.skipIf(ME !== 0)('of another user in a folder of root is refused (skipped without root)', () => {
    fs.chownSync(file, 12_345, 12_345);
    expect(read()).toBe(`refused: ${file} belongs to user 12345, who is neither you nor root`);
    expect(read(file, trustedOwners(0, { SUDO_UID: '12345' }))).toBe('x = 1\n');
  });
});

test('believed are the user and root, and behind sudo who called it', () => {
  expect([...trustedOwners(1000, {})]).toEqual([0, 1000]);
  expect([...trustedOwners(0, {})]).toEqual([0]);
  expect([...trustedOwners(0, { SUDO_UID: '1000' })]).toEqual([0, 1000]);
  // Anybody can set a variable: only root's is sudo's.
  expect([...trustedOwners(1000, { SUDO_UID: '7' })]).toEqual([0, 1000]);
  expect([...trustedOwners(0, { SUDO_UID: '-1' })]).toEqual([0]);
  expect([...trustedOwners(0, { SUDO_UID: '' })]).toEqual([0]);
});
