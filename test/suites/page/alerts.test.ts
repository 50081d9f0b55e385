/** Receivers of alerts on the page: what was sent, what failed and why, and what each was told. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type AlertReceiver, alertReceiver } from '../../support/alert-receiver.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { axeViolations, closeBrowser, openTab } from '../../support/page/browser.ts';
import { populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

/** A wait for a state that comes by itself, on a machine that is busy, milliseconds. */
const LONG = 240_000;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-page-alerts-test-'));
let netns: TestNetns;
let good: AlertReceiver;
let bad: AlertReceiver;
let serve: ServeRun | undefined;

beforeAll(async () => {
  netns = createNetns();
  const population = await populate(netns);
  [good, bad] = [await alertReceiver(), await alertReceiver()];
  bad.answer = (_, response) => response.writeHead(503).end('<b>later</b>');
  const config = path.join(folder, 'socklens.toml');
  const receiver = (name: string, { url }: AlertReceiver) =>
    `[[alerts]]\nname = "${name}"\ntype = "webhook"\nurl = "${url}/hook"\nwait = "1s"\ninterval = "10s"\n`;
  const rules = '[doctor.rules.CLOSE_WAIT_LEAK]\nminAgeMs = "1s"\n';
  fs.writeFileSync(config, `${rules}${receiver('good', good)}${receiver('bad', bad)}`);
  // Connections that the client has closed, and the server not.
  await population.order({ port: 8080, open: 150, closing: 120 });
  serve = await startServe([`netns:${netns.name}`, '--config', config]);
});
afterEach(closeBrowser);
afterAll(async () => {
  await serve?.stop();
  await good.close();
  await bad.close();
  removeAllNetns();
  fs.rmSync(folder, { recursive: true, force: true });
});

async function openAbout(options: Parameters<typeof openTab>[1] = {}) {
  const tab = await openTab(serve?.link ?? '', options);
  await tab.page.locator('tr[data-row]').first().waitFor();
  await tab.page.evaluate('location.hash = "#/about"');
  await tab.page.locator('tr[data-receiver]').first().waitFor();
  return tab;
}

const cellsOf = async (page: Page, name: string) => page.locator(`tr[data-receiver="${name}"] td`).allTextContents();

test('about: each receiver has what it took, what failed and why, and what it was told', {
  timeout: LONG,
}, async () => {
  const { page, faults } = await openAbout();
  const isCounted = async () => {
    const [, , , , sent, failed, refused] = await cellsOf(page, 'good');
    return sent === String(good.received.length) && good.received.length > 0 && failed === '0' && refused === '0';
  };
  await until('what was sent', isCounted, LONG);
  const isFailing = async () => {
    const [, , , , sent, failed] = await cellsOf(page, 'bad');
    return sent === '0' && failed === String(bad.received.length) && bad.received.length > 0;
  };
  await until('what failed', isFailing, LONG);
  expect((await cellsOf(page, 'good')).slice(1, 4)).toEqual(['good webhook', new URL(good.url).host, 'warning']);
  expect(await page.locator('.error-line').textContent()).toContain('503');
  expect(await page.locator('.alerts b').count()).toBe(0);
  const told = page.locator('tr[data-receiver="good"] .told li', { hasText: 'CLOSE_WAIT leak' });
  await until('the alert', async () => /told$/.test((await told.first().textContent()) ?? ''), LONG);
  await told.first().locator('a').click();
  await page.locator('.detail h2').waitFor();
  expect(faults).toEqual([]);
});

test('about: receivers are accessible, in the dark and on a telephone too', { timeout: LONG }, async () => {
  for (const options of [{}, { dark: true }, { width: 390, height: 844 }]) {
    const { page, faults } = await openAbout(options);
    expect(await axeViolations(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(options.width ?? 1440);
    expect(faults).toEqual([]);
  }
});
