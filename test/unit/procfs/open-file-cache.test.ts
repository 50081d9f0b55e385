import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OpenFileCache } from '../../../src/procfs/open-file-cache.ts';

let folder: string;
let files: OpenFileCache;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-kept-'));
  files = new OpenFileCache();
});
afterEach(() => {
  files.close();
  fs.rmSync(folder, { recursive: true });
});

/** Descriptors of this process that are open on a file. */
function openOn(file: string): number {
  const links = fs.readdirSync('/proc/self/fd').map((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter((link) => link === file).length;
}

describe('OpenFileCache', () => {
  it('returns the current contents, shorter or longer than before', () => {
    const file = `${folder}/counters`;
    for (const text of ['one\n', 'three\n', 'x', '', 'again\n']) {
      fs.writeFileSync(file, text);
      expect(files.read(file)).toBe(text);
    }
  });

  it('a file of the proc file system is generated anew for each read', () => {
    const file = '/proc/self/stat';
    const [first] = [files.read(file)];
    let busy = 0;
    for (let index = 0; index < 3e7; index++) busy += index % 7;
    expect(busy).toBeGreaterThan(0);
    expect(files.read(file)?.split(' ')[0]).toBe(first?.split(' ')[0]);
    expect(files.read(file)).not.toBe(first);
  });

  it('a file that is longer than the buffer is read whole', () => {
    const file = `${folder}/long`;
    fs.writeFileSync(file, 'x'.repeat(200_000));
    expect(files.read(file)).toHaveLength(200_000);
  });

  it('opens a file once, and closes it', () => {
    const file = `${folder}/once`;
    fs.writeFileSync(file, 'text');
    files.read(file);
    files.read(file);
    expect(openOn(file)).toBe(1);
    files.close();
    expect(openOn(file)).toBe(0);
    expect(files.read(file)).toBe('text');
  });

  it('returns undefined for a process that has exited', () => {
    expect(files.read(`${folder}/none`)).toBeUndefined();
    expect(files.read('/proc/4194305/net/snmp')).toBeUndefined();
  });
});
