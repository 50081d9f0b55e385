/** A history whose disk is full: the page says what is not kept, and its numbers go on. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { axeViolations, closeBrowser, openTab } from '../../support/page/browser.ts';
import { type Population, populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';
import { shownRow } from '../../support/page/shown-row.ts';

/** Values are written every few seconds. */
const LONGEST_MS = 180_000;

let netns: TestNetns;
let population: Population;
let data: string;
let serve: ServeRun;

beforeAll(async () => {
  netns = createNetns();
  population = await populate(netns);
  await population.order({ port: 8080, open: 10, closing: 0 });
  data = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', data]);
  serve = await startServe([`netns:${netns.name}`, '--recorder', 'off'], { data });
});
afterAll(async () => {
  await closeBrowser();
  await serve?.stop();
  execFileSync('umount', [data]);
  fs.rmdirSync(data);
  removeAllNetns();
});

/** Takes all that is left of the disk. */
function fill(file: string): void {
  const handle = fs.openSync(file, 'a');
  try {
    for (const size of [65_536, 4096, 512]) {
      const bytes = Buffer.alloc(size);
      for (;;) {
        try {
          fs.writeSync(handle, bytes);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          break;
        }
      }
    }
  } finally {
    fs.closeSync(handle);
  }
}

test(
  'the page says that the disk is full, its numbers go on, and it says nothing any more once there is room',
  async () => {
    const { page, faults } = await openTab(serve.link);
    const name = `netns:${netns.name}`;
    await until('the first numbers', async () => (await shownRow(page, name))?.open === 21);
    const filler = path.join(data, 'filler');
    const notice = page.locator('.notice.warning', { hasText: 'the disk is full' });
    await until(
      'the notice',
      async () => {
        fill(filler);
        return (await notice.count()) > 0;
      },
      LONGEST_MS,
    );
    expect(await notice.textContent()).toMatch(/nothing is written since .*: the disk is full/);
    expect(await axeViolations(page)).toEqual([]);
    await population.order({ port: 8080, open: 15, closing: 0 });
    await until('the numbers of now', async () => (await shownRow(page, name))?.open === 31, LONGEST_MS);
    fs.rmSync(filler);
    await until('no notice', async () => (await notice.count()) === 0, LONGEST_MS);
    expect(faults).toEqual([]);
  },
  4 * LONGEST_MS,
);
