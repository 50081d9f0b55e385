/** A problem that is over, on the page: against when the test made it and when it ended it. */
import fs from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ProblemsAnswer, ServedProblem } from '../../../src/serve/protocol.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { axeViolations, closeBrowser, openTab } from '../../support/page/browser.ts';
import { populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';
import { temporaryFolder } from '../../support/recording-run.ts';

const LEAK = 'CLOSE_WAIT_LEAK';
/** A judgement comes every ten seconds, on a busy machine less often, and a problem is over after several without it. */
const JUDGED_MS = 300_000;
vi.setConfig({ testTimeout: 2 * JUDGED_MS, hookTimeout: JUDGED_MS });

let folder: string;
let netns: TestNetns;
let serve: ServeRun;

beforeAll(async () => {
  folder = temporaryFolder();
  const config = path.join(folder, 'socklens.toml');
  fs.writeFileSync(config, `[doctor.rules.${LEAK}]\nminAgeMs = "1s"\n`);
  netns = createNetns();
  serve = await startServe([`netns:${netns.name}`, '--config', config]);
});
afterAll(async () => {
  await closeBrowser();
  await serve?.stop();
  removeAllNetns();
  fs.rmSync(folder, { recursive: true, force: true });
});

const problem = async (): Promise<ServedProblem | undefined> =>
  ((await serve.ask('problems')) as ProblemsAnswer).problems.find(({ rule }) => rule === LEAK);

/** Where the bar of the problem begins and ends, seconds since the epoch, by the ruler above it. */
function barOf(page: Page): Promise<{ from: number; to: number; pixelS: number } | undefined> {
  return page.evaluate(() => {
    const ruler = document.querySelector('.ruler');
    const [from = 0, to = 0] = ['aria-valuemin', 'aria-valuemax'].map((name) => Number(ruler?.getAttribute(name)));
    const lane = document.querySelector('.track .lane')?.getBoundingClientRect();
    const bar = document.querySelector('.track .run')?.getBoundingClientRect();
    if (lane === undefined || bar === undefined) return undefined;
    const secondsAt = (x: number) => from + ((x - lane.left) / lane.width) * (to - from);
    return { from: secondsAt(bar.left), to: secondsAt(bar.right), pixelS: (to - from) / lane.width };
  });
}

test('its bar ends when it did, and list, detail and events have it as resolved, with its time', async () => {
  const madeMs = Date.now();
  const population = await populate(netns);
  await population.order({ port: 8080, open: 10, closing: 60 });
  const opened = await until('the problem', problem, JUDGED_MS);
  const { page, faults } = await openTab(serve.link);
  await page.locator('tr[data-row]').first().waitFor();
  await page.locator('.pcard').first().waitFor();
  await page.keyboard.press('p');
  await page.locator('.track').first().waitFor();
  const heading = () => page.locator('.verdict h1').textContent();
  await until('the open problem', async () => (await heading()) === '1 open problem');

  // It holds up to the last judgement that found it.
  const { atMs: judgedMs } = (await serve.ask('problems')) as ProblemsAnswer;
  const endedMs = Date.now();
  await population.order({ port: 8080, open: 10, closing: 0 });
  expect(netns.run('ss', '-tanH', 'state', 'close-wait').trim()).toBe('');
  await until('its end on the page', async () => (await heading()) === 'No open problems', JUDGED_MS);
  const shownMs = Date.now();
  const { text: facts } = await page.locator('.verdict .facts').evaluate((one) => ({ text: one.textContent ?? '' }));
  expect(facts).toMatch(/^1 resolved in /);

  // The time of the bar lies between what the test did and when the page said so.
  await page.getByRole('button', { name: '15 m' }).click();
  const bar = await until('its bar', () => barOf(page));
  const slackS = 2 * bar.pixelS + 2;
  expect(bar.from).toBeGreaterThanOrEqual(madeMs / 1000 - slackS);
  expect(bar.from).toBeLessThanOrEqual(endedMs / 1000 + slackS);
  expect(bar.to).toBeGreaterThanOrEqual(judgedMs / 1000 - slackS);
  expect(bar.to).toBeLessThanOrEqual(shownMs / 1000 + slackS);
  expect(await page.locator('.track .run.old').count()).toBe(1);

  // It is in the list of all, not in that of open ones.
  await page.getByRole('button', { name: /^Open 0/ }).click();
  await page.locator('.track').first().waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^All 1/ }).click();
  await page.locator('.track').first().click();
  await page.locator('.detail h2').waitFor();
  expect(new URL(page.url()).hash).toContain(opened.id);
  const head = (await page.locator('.detail .facts').first().textContent()) ?? '';
  expect(head).toContain('Resolved');
  // From when to when, in the zone of the browser.
  expect(head).toMatch(/\d\d:\d\d(:\d\d)? – \d\d:\d\d/);
  expect(await page.locator('.nav a[aria-current="page"]').textContent()).toBe('Problems');
  expect(await axeViolations(page)).toEqual([]);

  // On the overview it is no card any more.
  await page.keyboard.press('o');
  await page.locator('tr[data-row]').first().waitFor();
  expect(await page.locator('.pcard:not(.resolved)').count()).toBe(0);
  // The events have both, with the way to it.
  await page.keyboard.press('e');
  await page.locator('tr', { hasText: 'resolved: ' }).first().waitFor();
  expect(faults).toEqual([]);
});
