import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { closeBrowser, openTab } from '../../support/page/browser.ts';
import { type Population, populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';
import { shownRow } from '../../support/page/shown-row.ts';

let netns: TestNetns;
let name: string;
let population: Population;
let serve: ServeRun;

beforeAll(async () => {
  netns = createNetns();
  name = `netns:${netns.name}`;
  population = await populate(netns);
  await population.order({ port: 8080, open: 10, closing: 0 });
  serve = await startServe([name]);
});
afterEach(closeBrowser);
afterAll(async () => {
  await serve?.stop();
  removeAllNetns();
});

async function openContainer(): Promise<Page> {
  const { page } = await openTab(serve.link);
  await page.locator('tr[data-row]').first().waitFor();
  await page.evaluate(
    (hash) => {
      location.hash = hash;
    },
    `#/c/${encodeURIComponent(name)}?last=5m`,
  );
  await page.locator('.strip canvas').first().waitFor();
  return page;
}

const hashOf = (page: Page) => new URL(page.url()).hash;

/** Drags over a part of an element, from one share of its width to another. */
async function drag(page: Page, selector: string, from: number, to: number): Promise<void> {
  const box = await page.locator(selector).first().boundingBox();
  if (box === null) throw new Error(`${selector} is not there`);
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * ((from + to) / 2), y);
  await page.mouse.move(box.x + box.width * to, y);
  await page.mouse.up();
}

function spanOf(page: Page): { from: number; to: number } {
  const options = new URLSearchParams(hashOf(page).split('?')[1]);
  return { from: Number(options.get('from')), to: Number(options.get('to')) };
}

test('the presets and their keys change the time shown, and the address says it', async () => {
  const page = await openContainer();
  await page.getByRole('button', { name: '15 m', exact: true }).click();
  await until('the address', () => hashOf(page).endsWith('?last=15m'));
  await page.keyboard.press('1');
  await until('the address', () => hashOf(page).endsWith('?last=5m'));
  expect(await page.getByRole('button', { name: '5 m', exact: true }).getAttribute('aria-pressed')).toBe('true');
});

test('dragging over a chart zooms everything; Escape returns to live; the way back leads to the zoom', async () => {
  const page = await openContainer();
  await drag(page, '.strip .u-over', 0.5, 0.75);
  await until('the zoom', () => spanOf(page).from > 0);
  const { from, to } = spanOf(page);
  // A quarter of five minutes, to a pixel or two.
  expect(Math.abs(to - from - 75)).toBeLessThanOrEqual(3);
  await page.getByRole('button', { name: /Back to live/ }).waitFor();
  await page.keyboard.press('Escape');
  await until('live', () => hashOf(page).endsWith('?last=5m'));
  await page.getByText('Live', { exact: true }).waitFor();
  await page.goBack();
  await until('the zoom again', () => spanOf(page).from === from);
});

test('dragging over the ruler does the same, [ steps back, a double click zooms out', async () => {
  const page = await openContainer();
  await drag(page, '.ruler', 0.6, 0.8);
  await until('the zoom', () => spanOf(page).from > 0);
  const first = spanOf(page);
  expect(Math.abs(first.to - first.from - 60)).toBeLessThanOrEqual(3);
  await page.keyboard.press('[');
  await until('a step', () => Math.abs(first.from - spanOf(page).from - 15) <= 2);
  await page.locator('.strip .u-over').first().dblclick();
  await until('more time', () => {
    const { from, to } = spanOf(page);
    return to - from > (first.to - first.from) * 1.5;
  });
});

test('a link shows its receiver what its sender saw: page, filter and time', async () => {
  const page = await openContainer();
  await page.keyboard.press('/');
  await page.keyboard.type('state established');
  await page.keyboard.press('Escape');
  await page.locator('.field input').fill('state established');
  await page.locator('h1').click();
  await drag(page, '.strip .u-over', 0.2, 0.6);
  await until('the zoom', () => spanOf(page).from > 0);
  const { page: other } = await openTab(serve.link);
  await other.locator('tr[data-row]').first().waitFor();
  await other.goto(page.url());
  await other.locator('.strip canvas').first().waitFor();
  expect(await other.locator('.field input').inputValue()).toBe('state established');
  const ruler = (tab: Page) =>
    Promise.all(['aria-valuemin', 'aria-valuemax'].map((attribute) => tab.locator('.ruler').getAttribute(attribute)));
  expect(await ruler(other)).toEqual(await ruler(page));
});

test('the overview of an earlier moment has the numbers of then, and Escape those of now', async () => {
  const { page } = await openTab(serve.link);
  await until('the number of now', async () => (await shownRow(page, name))?.open === 21);
  const then = Date.now();
  // Stored values are kept in chunks: the moment must be behind the last of them.
  await until('stored values', async () => {
    const path = `history?container=${encodeURIComponent(name)}&from=${then - 20_000}&to=${then + 1000}&points=40&series=open`;
    const answer = (await serve.ask(path)) as { containers: { columns: { mean: (number | null)[] }[] }[] };
    return answer.containers[0]?.columns[0]?.mean.some((value) => value === 21);
  });
  await population.order({ port: 8080, open: 30, closing: 0 });
  await until('the new number', async () => (await shownRow(page, name))?.open === 61);
  const [from, to] = [then - 10_000, then].map((ms) => Math.floor(ms / 1000));
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/?from=${from}&to=${to}`);
  await until('the number of then', async () => (await shownRow(page, name))?.open === 21);
  await page.keyboard.press('Escape');
  await until('the number of now again', async () => (await shownRow(page, name))?.open === 61);
});

test('what is not answered at once is asked again, of a time that is over too', async () => {
  const { page } = await openTab(serve.link);
  const open = await until('the number of now', async () => (await shownRow(page, name))?.open);
  const then = Date.now();
  await until('stored values', async () => {
    const path = `history?container=${encodeURIComponent(name)}&from=${then - 10_000}&to=${then + 1000}&points=20&series=open`;
    const answer = (await serve.ask(path)) as { containers: { columns: { mean: (number | null)[] }[] }[] };
    return answer.containers[0]?.columns[0]?.mean.some((value) => value === open);
  });
  // The same question is answered when it comes for the second time.
  const asked = new Set<string>();
  await page.route(/\/api\/v1\/history\?/, async (route) => {
    const question = route.request().url();
    if (asked.has(question)) return route.continue();
    asked.add(question);
    return route.abort();
  });
  const time = `from=${Math.floor(then / 1000) - 10}&to=${Math.ceil(then / 1000)}`;
  const go = (hash: string) =>
    page.evaluate((wanted) => {
      location.hash = wanted;
    }, hash);
  await go(`#/?${time}`);
  await until('the row of then', async () => (await shownRow(page, name))?.open === open);
  await go(`#/c/${encodeURIComponent(name)}?${time}`);
  const numbers = page.locator('section.strip[aria-label="Open sockets"] .legend');
  await until('the chart of then', async () => (await numbers.textContent())?.includes(String(open)));
});

test('time without data is a gap with its reason', async () => {
  const page = await openContainer();
  await page.keyboard.press('4');
  const note = page.locator('.strip .note.gap').first();
  await note.waitFor();
  expect(await note.textContent()).toMatch(/\w+/);
});
