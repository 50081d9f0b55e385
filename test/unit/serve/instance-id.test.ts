import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { instanceId } from '../../../src/serve/kept/instance-id.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-instance-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

test('stays over restarts, differs for each data folder, and is made anew where it is damaged', () => {
  const [one, two] = ['one', 'two'].map((name) => path.join(folder, name)) as [string, string];
  const id = instanceId(one);
  expect(id).toMatch(/^[0-9a-f]{8}$/);
  expect(instanceId(one)).toBe(id);
  expect(instanceId(two)).not.toBe(id);
  expect(fs.statSync(path.join(one, 'instance-id')).mode & 0o777).toBe(0o600);
  fs.writeFileSync(path.join(one, 'instance-id'), 'a"} 1\nevil{');
  expect(instanceId(one)).toMatch(/^[0-9a-f]{8}$/);
});

test('is none where it cannot be kept', () => {
  const file = path.join(folder, 'file');
  fs.writeFileSync(file, '');
  expect(instanceId(path.join(file, 'data'))).toBeUndefined();
});
