/**
 * `npm run pictures:page`: screenshots of the page of `serve` for README.md, light and dark. The containers of the other
 * pictures run in a private Engine: some minutes in which all is well, then more load than the database takes.
 * Argument: a folder for them, which then gets those of a telephone too; `docs/pictures` by default. Needs root, a
 * Docker Engine's program and Debian's chromium.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { startOwnEngine } from '../../test/support/engine.ts';
import { until } from '../../test/support/netns.ts';
import { closeBrowser, openTab, type TabOptions } from '../../test/support/page/browser.ts';
import { startServe } from '../../test/support/page/serve.ts';
import { startShop } from '../../test/support/shop-scene.ts';

/** How long all is well, and how long the load is seen afterwards: together they fill the time shown. */
const CALM_SECONDS = 210;
const LOAD_SECONDS = 80;
const LONGEST_MS = (CALM_SECONDS + LOAD_SECONDS) * 1000 + 120_000;
const TIME = 'last=5m';
/** As wide as README.md shows it on a large screen: a larger picture would only be a larger file. */
const WIDE = { width: 1280, height: 720 };
/** Pixels of a window that has all charts of a container. */
const TALL = { wide: 1240, narrow: 2400 };

const [given] = process.argv.slice(2);
const folder = path.resolve(given ?? path.join(import.meta.dirname, '../../docs/pictures'));
const LOOKS: Readonly<Record<string, TabOptions>> = {
  light: WIDE,
  dark: { ...WIDE, dark: true },
  ...(given !== undefined && { 390: { width: 390, height: 844 } }),
};
fs.mkdirSync(folder, { recursive: true });

const engine = await startOwnEngine([]);
try {
  await startShop(engine.docker, CALM_SECONDS);
  const serve = await startServe(['db', 'exporter', 'web-1', 'web-2'], {
    env: { DOCKER_HOST: engine.docker.endpoint, CONTAINER_HOST: '' },
  });
  try {
    await pictures(serve.link);
  } finally {
    await closeBrowser();
    await serve.stop();
  }
} finally {
  await engine.docker.removeAll();
  await engine.stop();
}

async function pictures(link: string): Promise<void> {
  const { page: watched } = await openTab(link);
  const clock = async () => Number(await watched.locator('.ruler').getAttribute('aria-valuemax'));
  await watched.locator('tr[data-row]').first().waitFor();
  const begin = await clock();
  await until('a critical problem', async () => (await watched.locator('.pcard .c-critical').count()) > 0, LONGEST_MS);
  await until('the load', async () => (await clock()) > begin + CALM_SECONDS + LOAD_SECONDS, LONGEST_MS);
  for (const [look, options] of Object.entries(LOOKS)) {
    const { page } = await openTab(link, options);
    await page.locator('tr[data-row]').first().waitFor();
    await page.evaluate(`location.hash = "#/?${TIME}"`);
    await page.locator('.pcard').first().waitFor();
    await ticks(page);
    await page.screenshot({ path: path.join(folder, `page-overview-${look}.png`) });
    await page.evaluate(`location.hash = "#/c/web-1?${TIME}"`);
    await page.locator('[data-socket]').first().waitFor();
    const { width = WIDE.width } = options;
    await page.setViewportSize({ width, height: width < WIDE.width ? TALL.narrow : TALL.wide });
    await page.locator('.strip canvas').first().waitFor();
    await ticks(page);
    await page.screenshot({ path: path.join(folder, `page-container-${look}.png`) });
  }
}

/** Waits for two ticks: each chart has been drawn at its size. */
async function ticks(page: Page): Promise<void> {
  const clock = async () => Number(await page.locator('.ruler').getAttribute('aria-valuemax'));
  const first = await clock();
  await until('two ticks', async () => (await clock()) >= first + 2);
}
