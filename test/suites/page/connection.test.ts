import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { closeBrowser, openTab } from '../../support/page/browser.ts';
import { type Population, populate } from '../../support/page/population.ts';
import { startServe } from '../../support/page/serve.ts';
import { shownRow } from '../../support/page/shown-row.ts';

let netns: TestNetns;
let population: Population;
let name: string;

beforeAll(async () => {
  netns = createNetns();
  name = `netns:${netns.name}`;
  population = await populate(netns);
  await population.order({ port: 8080, open: 10, closing: 0 });
});
afterEach(closeBrowser);
afterAll(removeAllNetns);

test('without its token the page says what to type, and shows nothing', async () => {
  const serve = await startServe([name]);
  try {
    for (const hash of ['', '#/', '#token=wrong']) {
      const { page } = await openTab(`${serve.origin}/${hash}`);
      await page.getByRole('heading', { name: 'This page needs its link' }).waitFor();
      expect(await page.getByText('socklens serve --link').count()).toBeGreaterThan(0);
      expect(await page.locator('tr[data-row]').count()).toBe(0);
      // The link in the same tab: no new page is loaded.
      await page.goto(serve.link);
      await page.locator('tr[data-row]').first().waitFor();
    }
  } finally {
    await serve.stop();
  }
});

test('the token leaves the address, and a reload still knows it', async () => {
  const serve = await startServe([name]);
  try {
    const { page } = await openTab(serve.link);
    await page.locator('tr[data-row]').first().waitFor();
    expect(page.url()).toBe(`${serve.origin}/#/`);
    await page.reload();
    await page.locator('tr[data-row]').first().waitFor();
  } finally {
    await serve.stop();
  }
});

test('when the connection is lost the last numbers stay, with their time; it comes back by itself', async () => {
  // Not one of those that the kernel gives to others meanwhile.
  const port = await freePort();
  const first = await startServe([name], { port });
  const { page } = await openTab(first.link);
  await until('numbers', async () => (await shownRow(page, name))?.open === 21);
  await first.stop('SIGKILL');
  const notice = page.locator('.notice');
  await notice.waitFor();
  expect(await notice.textContent()).toMatch(/No data since \d\d:\d\d:\d\d/);
  // Nothing turns to zero.
  expect((await shownRow(page, name))?.open).toBe(21);
  const second = await startServe([name], { port });
  try {
    // Another one has another token.
    await page.getByRole('heading', { name: 'This page needs its link' }).waitFor();
    await page.goto(second.link);
    await until('numbers', async () => (await shownRow(page, name))?.open === 21);
    expect(await page.locator('.notice').count()).toBe(0);
  } finally {
    await second.stop();
  }
});

test('space freezes the numbers, and lets them go on', async () => {
  const serve = await startServe([name]);
  try {
    const { page } = await openTab(serve.link);
    await until('numbers', async () => (await shownRow(page, name))?.open === 21);
    await page.keyboard.press(' ');
    await page.getByText('Frozen').waitFor();
    await population.order({ port: 8080, open: 15, closing: 0 });
    // The server knows it, and its stream has brought it.
    await until('the new number at the server', async () => {
      const { rows } = (await serve.ask('overview')) as { rows: { sockets?: { open: number } }[] };
      return rows[0]?.sockets?.open === 31;
    });
    const tick = await page.evaluate(() => performance.now());
    await until('two ticks', async () => (await page.evaluate(() => performance.now())) > tick + 2500);
    expect((await shownRow(page, name))?.open).toBe(21);
    await page.keyboard.press(' ');
    await until('the number of now', async () => (await shownRow(page, name))?.open === 31);
  } finally {
    await population.order({ port: 8080, open: 10, closing: 0 });
    await serve.stop();
  }
});
