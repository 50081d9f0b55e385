import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { axeViolations, closeBrowser, openTab, type TabOptions } from '../../support/page/browser.ts';
import { populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

/** A file name may have all of these, and so may a namespace: markup, an escape code, a mark that turns the text round. */
const ODD_NAME = `<img>"<b>'\u202eetis\u001b[31m&amp;${process.pid}`;
/** As it is shown. */
const ODD_SHOWN = `<img>"<b>'\\u202eetis\\x1b[31m&amp;${process.pid}`;

let netns: TestNetns;
let serve: ServeRun;

beforeAll(async () => {
  netns = createNetns();
  const population = await populate(netns);
  await population.order({ port: 8080, open: 30, closing: 4 });
  execFileSync('ip', ['netns', 'add', ODD_NAME]);
  serve = await startServe([`netns:${netns.name}`, `netns:${ODD_NAME}`]);
});
afterEach(closeBrowser);
afterAll(async () => {
  await serve?.stop();
  execFileSync('ip', ['netns', 'delete', ODD_NAME]);
  removeAllNetns();
});

const containerHash = () => `#/c/${encodeURIComponent(`netns:${netns.name}`)}`;

async function open(which: 'overview' | 'container', options: TabOptions) {
  const tab = await openTab(serve.link, options);
  await tab.page.locator('tr[data-row]').first().waitFor();
  if (which === 'container') {
    await tab.page.evaluate((hash) => {
      location.hash = hash;
    }, containerHash());
    await tab.page.locator('[data-socket]').first().waitFor();
    await tab.page.locator('.strip canvas').first().waitFor();
  }
  return tab;
}

for (const which of ['overview', 'container'] as const) {
  for (const dark of [false, true]) {
    test(`${which}, ${dark ? 'dark' : 'light'}: axe finds nothing, and nothing breaks the policy`, async () => {
      const { page, faults } = await open(which, { dark });
      expect(await axeViolations(page)).toEqual([]);
      expect(faults).toEqual([]);
      expect(await page.evaluate(() => document.cookie)).toBe('');
    });
  }

  test(`${which} on a telephone: nothing is wider than 390 pixels, and axe finds nothing`, async () => {
    const { page, faults } = await open(which, { width: 390, height: 844 });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
    expect(await axeViolations(page)).toEqual([]);
    expect(faults).toEqual([]);
  });
}

test('no column of the overview is cut off, from 1100 pixels on', async () => {
  const { page } = await open('overview', {});
  for (const width of [1100, 1270, 1280, 1366, 1440, 1680, 1920]) {
    await page.setViewportSize({ width, height: 900 });
    const hidden = () =>
      page.evaluate(() => {
        const { scrollWidth = 0, clientWidth = 0 } = document.querySelector('table.cards')?.parentElement ?? {};
        return scrollWidth - clientWidth;
      });
    await until(`all columns in ${width} pixels`, async () => (await hidden()) <= 0);
  }
});

test('the policy refuses what a page must not do', async () => {
  const { page, faults } = await open('overview', {});
  await page.evaluate(() => {
    const style = document.createElement('div');
    style.setAttribute('style', 'color: red');
    document.body.append(style);
    const script = document.createElement('script');
    try {
      script.text = 'document.title = "broken"';
      document.body.append(script);
    } catch {
      // Trusted types refuse it before.
    }
  });
  await until('the violations', () => faults.some((fault) => fault.includes('policy')));
  expect(await page.title()).not.toBe('broken');
});

test('d switches between light and dark, and the charts follow', async () => {
  const { page } = await open('container', {});
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const middle = () =>
    page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('.strip canvas');
      const context = canvas?.getContext('2d');
      if (canvas === null || context === null || context === undefined) return '';
      // The whole picture: the colours of the values are in it.
      return String(
        context.getImageData(0, 0, canvas.width, canvas.height).data.reduce((sum, value) => sum + value, 0),
      );
    });
  const [lightPaper, lightChart] = [await paper(), await middle()];
  await page.keyboard.press('d');
  await until('another chart', async () => (await middle()) !== lightChart);
  expect(await paper()).not.toBe(lightPaper);
  await page.reload();
  await page.locator('.strip canvas').first().waitFor();
  expect(await paper()).not.toBe(lightPaper);
});

test('names with markup, escape codes and marks of direction are shown as text', async () => {
  const { page, faults } = await open('overview', {});
  const link = page.locator('a.name', { hasText: 'img' });
  expect(await link.textContent()).toBe(`netns:${ODD_SHOWN}`);
  await link.click();
  await page.locator('h1', { hasText: 'img' }).waitFor();
  expect(await page.locator('h1').textContent()).toContain(ODD_SHOWN);
  expect(await page.locator('img').count()).toBe(0);
  // It is set after the page was drawn.
  await until('the title', async () => (await page.title()) === `netns:${ODD_SHOWN} · socklens`);
  expect(faults).toEqual([]);
});
