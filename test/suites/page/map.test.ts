import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { removeAllNetns, until } from '../../support/netns.ts';
import { axeViolations, closeBrowser, openTab, type TabOptions } from '../../support/page/browser.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';
import { ssCounts, type Talker, talkersNetwork } from '../../support/page/talkers.ts';

/** Edges are found every ten seconds; on a busy machine later. */
const PATIENCE_MS = 90_000;

let web: Talker;
let worker: Talker;
let db: Talker;
let cache: Talker;
let idle: Talker;
let serve: ServeRun;
let refusing: ReturnType<typeof setInterval>;
/** What `ss` said at a moment that the history has: connections from the worker to the database. */
let before: { atMs: number; count: number };

beforeAll(async () => {
  const network = talkersNetwork();
  web = await network.add(2);
  worker = await network.add(3);
  db = await network.add(4);
  cache = await network.add(5);
  idle = await network.add(6);
  await db.order({ listen: 3306 });
  await cache.order({ listen: 6379 });
  await web.order({ listen: 8080 });
  await worker.order({ to: db.address, port: 3306, open: 30 });
  serve = await startServe([web, worker, db, cache, idle].map(({ name }) => name));
  const count = sum(ssCounts(worker, db.address, 3306));
  before = await until(
    'its connections in the history',
    async () => {
      const last = await storedNow(worker, db, 3306);
      return last?.count === count && last;
    },
    PATIENCE_MS,
  );
  await worker.order({ to: db.address, port: 3306, open: 41 });
  await web.order({ to: db.address, port: 3306, open: 12 });
  await worker.order({ to: cache.address, port: 6379, open: 3 });
  await worker.order({ to: web.address, port: 8080, open: 200 });
  // The last connections that it took are those of the web.
  await db.order({ shut: 53 });
  refusing = setInterval(() => void cache.order({ try: 3, to: db.address, port: 9 }), 1000);
  await until('all edges', async () => (await storedNow(worker, web, 8080))?.count === 200, PATIENCE_MS);
}, 240_000);
afterEach(closeBrowser);
afterAll(async () => {
  clearInterval(refusing);
  await serve?.stop();
  removeAllNetns();
});

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, one) => all + one, 0);

interface Edges {
  firstMs: number;
  stepMs: number;
  edges: {
    client: string;
    server: string;
    port: number;
    columns: { name: string; mean: (number | null)[] }[];
  }[];
}

/** Connections of an edge at its last point in the API, and the middle of that point's time. */
async function storedNow(client: Talker, server: Talker, port: number) {
  const now = Date.now();
  const { edges, firstMs, stepMs } = (await serve.ask(`edges?from=${now - 60_000}&to=${now}&points=6`)) as Edges;
  const edge = edges.find((one) => one.client === client.name && one.server === server.name && one.port === port);
  const values = edge?.columns.find(({ name }) => name === 'connections')?.mean ?? [];
  const at = values.findLastIndex((value) => value !== null);
  return at < 0 ? undefined : { count: values[at] ?? 0, atMs: firstMs + (at + 0.5) * stepMs };
}

/** From a minute before the first look up to the last point, seconds. */
async function storedSpan(): Promise<{ from: number; to: number }> {
  const last = await until('the last point', () => storedNow(worker, db, 3306), PATIENCE_MS);
  return { from: Math.floor(before.atMs / 1000) - 60, to: Math.ceil(last.atMs / 1000) };
}

async function openMap(hash = '#/map?last=5m', options: TabOptions = {}) {
  const tab = await openTab(serve.link, options);
  await tab.page.locator('tr[data-row]').first().waitFor();
  await tab.page.evaluate((wanted) => {
    location.hash = wanted;
  }, hash);
  await tab.page.locator('[data-edge]').first().waitFor({ state: 'attached' });
  return tab;
}

const idOf = (client: Talker, server: Talker, port: number) => `row ${client.name} row ${server.name}:${port}`;
const nodeOf = ({ name }: Talker) => `row ${name}`;

/** The number of an edge on the map, with its word; undefined where it is not drawn. */
async function numberOf(page: Page, id: string): Promise<string | undefined> {
  return page.evaluate(
    (wanted) =>
      [...document.querySelectorAll<HTMLElement>('[data-number]')]
        .find((one) => one.dataset.number === wanted)
        ?.textContent?.replace(/[,\s]/g, ''),
    id,
  );
}

/** The number of an edge in the matrix. */
async function cellOf(page: Page, id: string): Promise<string | undefined> {
  return page.evaluate(
    (wanted) =>
      [...document.querySelectorAll<HTMLElement>('[data-cell]')]
        .find((one) => one.dataset.cell === wanted)
        ?.textContent?.replace(/[,\s]/g, ''),
    id,
  );
}

test('the numbers on the edges are those of ss: connections, CLOSE_WAIT, refused; in the matrix too', async () => {
  const { page, faults } = await openMap();
  for (const [client, server, port] of [
    [worker, web, 8080],
    [worker, cache, 6379],
  ] as const) {
    const counts = ssCounts(client, server.address, port);
    expect(Object.keys(counts)).toEqual(['ESTAB']);
    const expected = String(counts.ESTAB);
    await until('the number', async () => (await numberOf(page, idOf(client, server, port))) === expected, PATIENCE_MS);
    expect(await cellOf(page, idOf(client, server, port))).toBe(expected);
  }
  // The server closed, the clients did not.
  for (const client of [web, worker]) {
    const counts = ssCounts(client, db.address, 3306);
    const expected = `${sum(counts)}${counts['CLOSE-WAIT']}CLOSE_WAIT`;
    const id = idOf(client, db, 3306);
    await until('CLOSE_WAIT', async () => (await numberOf(page, id)) === expected, PATIENCE_MS);
    expect(await page.locator(`[data-edge="${id}"] path.warn`).count()).toBe(2);
    expect(await cellOf(page, id)).toMatch(new RegExp(`${expected}$`));
  }
  const refused = idOf(cache, db, 9);
  await until('refused', async () => /^0[\d.]+\/srefused$/.test((await numberOf(page, refused)) ?? ''), PATIENCE_MS);
  expect(await page.locator(`[data-edge="${refused}"] path.bad`).count()).toBe(2);
  expect(faults).toEqual([]);
}, 240_000);

test('the slider shows what was true then', async () => {
  const { from, to } = await storedSpan();
  const { page } = await openMap(`#/map?from=${from}&to=${to}`);
  const id = idOf(worker, db, 3306);
  const later = sum(ssCounts(worker, db.address, 3306));
  expect(later).toBeGreaterThan(before.count);
  await until('the number of the end', async () => (await numberOf(page, id))?.startsWith(String(later)), PATIENCE_MS);
  // To the moment at which the test looked, by the pointer.
  const ruler = page.locator('.ruler');
  const box = await ruler.boundingBox();
  if (box === null) throw new Error('no ruler');
  const part = (before.atMs / 1000 - from) / (to - from);
  await page.mouse.move(box.x + box.width - 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * part, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await until('the number of then', async () => (await numberOf(page, id)) === String(before.count));
  expect(await numberOf(page, idOf(worker, web, 8080))).toBeUndefined();
  expect(await page.locator('h1').textContent()).toMatch(/^Who talked to whom at \d\d:\d\d:\d\d$/);
  // The address has the moment: a link shows the same.
  const link = page.url();
  expect(link).toMatch(/at=\d+/);
  const { page: other } = await openMap(new URL(link).hash);
  await until('the number of then', async () => (await numberOf(other, id)) === String(before.count), PATIENCE_MS);
  // From then on it plays to the end.
  await other.locator('h1').click();
  await other.keyboard.press(' ');
  await until('the end', async () => (await numberOf(other, id))?.startsWith(String(later)), PATIENCE_MS);
  await other.keyboard.press('Escape');
  await until('live', () => !new URL(other.url()).hash.includes('from='));
}, 240_000);

test('edges that are not answered at once are asked for again, of a time that is over too', async () => {
  const { from, to } = await storedSpan();
  const { page } = await openTab(serve.link);
  await page.locator('tr[data-row]').first().waitFor();
  let asked = 0;
  await page.route(/\/api\/v1\/edges\?/, (route) => (asked++ === 0 ? route.abort() : route.continue()));
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/map?from=${from}&to=${to}`);
  await page.locator('[data-edge]').first().waitFor({ state: 'attached' });
  expect(asked).toBe(2);
}, 120_000);

test('positions stay while the moment changes', async () => {
  const { from, to } = await storedSpan();
  const { page } = await openMap(`#/map?from=${from}&to=${to}`);
  const places = () =>
    page.evaluate(() =>
      Object.fromEntries(
        [...document.querySelectorAll<HTMLElement>('[data-node]')].map((node) => [
          node.dataset.node,
          `${node.querySelector('rect')?.getAttribute('x')} ${node.querySelector('rect')?.getAttribute('y')}`,
        ]),
      ),
    );
  const all = await places();
  expect(Object.keys(all).length).toBeGreaterThanOrEqual(4);
  await page.locator('h1').click();
  for (let step = 0; step < 5; step++) {
    await page.keyboard.press('[');
    expect(Object.entries(await places()).filter(([id, place]) => all[id] !== place)).toEqual([]);
  }
}, 120_000);

test('by keyboard alone: only trouble, matrix, callers and callees, who is unconnected, time', async () => {
  const { page } = await openTab(serve.link);
  await page.locator('tr[data-row]').first().waitFor();
  await page.keyboard.press('m');
  await page.locator(`[data-node="${nodeOf(db)}"]`).waitFor();
  const drawn = () => page.locator('.map [data-edge]').count();
  const all = await drawn();
  await page.keyboard.press('x');
  await until('those in trouble', async () => (await drawn()) < all);
  expect(await page.locator('.map [data-edge] path:first-child:not(.bad):not(.warn)').count()).toBe(0);
  await page.keyboard.press('x');
  await page.keyboard.press('v');
  await until('no map', async () => (await drawn()) === 0);
  await page.locator('table.matrix').waitFor();
  await page.keyboard.press('v');
  await page.locator(`[data-node="${nodeOf(db)}"]`).focus();
  await page.keyboard.press('Enter');
  const focus = page.locator('[data-focus]');
  await focus.waitFor();
  const callers = (await focus.locator('[data-side="client"] li .end-name').allTextContents()).join('\n');
  for (const { name } of [web, worker]) expect(callers).toContain(name);
  expect(await focus.locator('[data-side="server"] li').count()).toBe(0);
  // From one to its callers, and back.
  await focus.locator('[data-side="client"] a', { hasText: web.name }).focus();
  await page.keyboard.press('Enter');
  await page.locator(`[data-focus="${nodeOf(web)}"]`).waitFor();
  await page.keyboard.press('Escape');
  await until('no focus', async () => (await focus.count()) === 0);
  await page.keyboard.press('g');
  await until('by network', () => new URL(page.url()).hash.includes('by=network'));
  await page.keyboard.press('g');
  await until('not grouped', () => new URL(page.url()).hash.includes('by=none'));
  await page.locator('.ruler').focus();
  await page.keyboard.press('ArrowLeft');
  await until('a moment', () => /at=\d+/.test(page.url()));
}, 120_000);

test('those without an edge are hidden and said, and shown by one click', async () => {
  const { page } = await openMap();
  const facts = page.locator('.map-head .facts');
  await until('one', async () => (await facts.textContent())?.includes('1 unconnected'), PATIENCE_MS);
  expect(await page.locator(`[data-node="${nodeOf(idle)}"]`).count()).toBe(0);
  await facts.getByRole('button', { name: 'show' }).click();
  expect(await page.locator('.unconnected li a').allTextContents()).toEqual([idle.name]);
}, 120_000);

for (const [name, options] of [
  ['light', {}],
  ['dark', { dark: true }],
  ['on a telephone', { width: 390, height: 844 }],
] as const) {
  test(`the map, ${name}: axe finds nothing, and nothing breaks the policy`, async () => {
    const { page, faults } = await openMap('#/map?last=5m', options);
    expect(await axeViolations(page)).toEqual([]);
    if (name === 'on a telephone') {
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      // A list, the worst first.
      expect(await page.locator('.map').count()).toBe(0);
      const first = page.locator('.edges li').first();
      expect(await first.locator('.sev').count()).toBe(1);
    }
    const link = page.locator(name === 'on a telephone' ? '.edges a' : '[data-node]').first();
    await link.focus();
    await page.keyboard.press('Enter');
    await page.locator('[data-focus]').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('v');
    await page.locator('table.matrix').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect(faults).toEqual([]);
  }, 120_000);
}
