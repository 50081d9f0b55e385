import { execFileSync } from 'node:child_process';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ConnectionsAnswer } from '../../../src/serve/protocol/connections.ts';
import type { OverviewAnswer } from '../../../src/serve/protocol.ts';
import { type RunningContainer, type TestEngine, testEngine } from '../../support/engine.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { axeViolations, closeBrowser, openTab, type TabOptions } from '../../support/page/browser.ts';
import { type Churn, churnIn } from '../../support/page/churn.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

/** A second name of a namespace: markup, an escape code, a mark that turns the text round. */
const ODD_NAME = `<img>"<b>'\u202eetis\u001b[31m&amp;e${process.pid}`;
const ODD_SHOWN = `<img>"<b>'\\u202eetis\\x1b[31m&amp;e${process.pid}`;
/** Events of a batch are written after ten seconds; on a busy machine later. */
const WRITTEN_MS = 90_000;

let netns: TestNetns;
let odd: TestNetns;
let churn: Churn;
let oddChurn: Churn;
let serve: ServeRun;
let name: string;

beforeAll(async () => {
  [netns, odd] = [createNetns(), createNetns()];
  name = `netns:${netns.name}`;
  churn = await churnIn(netns);
  oddChurn = await churnIn(odd);
  execFileSync('ip', ['netns', 'attach', ODD_NAME, String(oddChurn.pid)]);
  serve = await startServe([name, `netns:${ODD_NAME}`]);
  await until('both rows', async () => ((await serve.ask('overview')) as OverviewAnswer).rows.length === 2);
});
afterEach(closeBrowser);
afterAll(async () => {
  await serve?.stop();
  execFileSync('ip', ['netns', 'delete', ODD_NAME]);
  removeAllNetns();
});

/** Opens the view, and waits until events are received. */
async function open(hash = '#/events?last=5m', options: TabOptions = {}, run = serve) {
  const tab = await openTab(run.link, options);
  await tab.page.locator('tr[data-row]').first().waitFor();
  await go(tab.page, hash);
  if (!hash.includes('from=')) await tab.page.locator('.facts', { hasText: 'since' }).waitFor();
  return tab;
}

async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((wanted) => {
    location.hash = wanted;
  }, hash);
}

const hashOf = (page: Page) => new URL(page.url()).hash;

/** The numbers by kind, as the page has them. */
async function countsOf(page: Page): Promise<Record<string, number>> {
  return page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll<HTMLElement>('[data-count]')].map((one) => [
        one.dataset.count ?? '',
        Number(one.textContent?.replaceAll(',', '')),
      ]),
    ),
  );
}

/** What a load of so many connections and refused attempts is: each connection has two ends in the namespace. */
function eventsOf({ opens = 0, refused = 0 }): Record<string, number> {
  return { opened: opens + refused, established: 2 * opens, failed: refused, closed: 2 * opens };
}

const isSame = (a: object, b: object) => JSON.stringify(a) === JSON.stringify(b);
const rows = (page: Page, kind: string) => page.locator(`tr[data-event="${kind}"]`);

test('the numbers and the lines are what the load did, as it did it', async () => {
  const { page, faults } = await open();
  expect(await countsOf(page)).toEqual(eventsOf({}));
  await churn.order({ opens: 8, refused: 3 });
  await until('its numbers', async () => isSame(await countsOf(page), eventsOf({ opens: 8, refused: 3 })));
  // All of so few: two ends of each that is opened, and each attempt.
  await until('its lines', async () => (await rows(page, 'closed').count()) === 16);
  expect(await rows(page, 'failed').count()).toBe(3);
  const failed = await rows(page, 'failed').first().locator('td').allTextContents();
  expect(failed[1]).toBe('failed: refused (ECONNREFUSED)');
  expect(failed[2]).toBe(name);
  expect(failed[4]).toContain('127.0.0.1:9');
  expect(failed[7]).toBe(`${churn.pid}/node`);
  const closed = await rows(page, 'closed').locator('td:nth-child(5)').allTextContents();
  expect(closed.filter((text) => text.includes(`→ 127.0.0.1:${churn.port}`))).toHaveLength(8);
  expect(faults).toEqual([]);
});

test('the filter language narrows the stream, and a mistake is said', async () => {
  const { page, faults } = await open();
  await page.keyboard.press('/');
  await page.keyboard.type('dport 9');
  await until('the address', () => hashOf(page).includes('dport'));
  await page.locator('.unit', { hasText: 'that match' }).waitFor();
  // The stream of the filter has begun when it has its first second.
  await until('its stream', async () => (await page.locator('.facts').textContent())?.includes('since'));
  const before = await countsOf(page);
  await churn.order({ opens: 5, refused: 4 });
  await until('its numbers', async () =>
    isSame(await countsOf(page), { ...before, opened: (before.opened ?? 0) + 4, failed: (before.failed ?? 0) + 4 }),
  );
  expect(before).toMatchObject({ established: 0, closed: 0 });
  expect(await rows(page, 'closed').count()).toBe(0);
  await page.locator('.field input').fill('dst no-such-host-anywhere');
  await page.getByRole('alert').filter({ hasText: 'no-such-host-anywhere' }).waitFor();
  await page.locator('.field input').fill('dport 9 or');
  await page.getByRole('alert').locator('pre', { hasText: '^' }).waitFor();
  await page.locator('.field input').fill('');
  await until('the stream again', async () => (await page.getByRole('alert').count()) === 0);
  expect(faults).toEqual([]);
});

test('space holds the stream and lets it go on with what came; j and Enter lead to the container', async () => {
  const { page } = await open();
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: /Go on: / }).waitFor();
  await churn.order({ refused: 7 });
  await page.getByRole('button', { name: /14 new events/ }).waitFor();
  expect(await countsOf(page)).toEqual(eventsOf({}));
  await page.keyboard.press('Space');
  await until('what came', async () => isSame(await countsOf(page), eventsOf({ refused: 7 })));
  await page.getByRole('button', { name: 'Ended badly' }).focus();
  await page.keyboard.press('Enter');
  await until('failures alone', async () => (await rows(page, 'opened').count()) === 0);
  await page.locator('h1').click();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.locator('h1', { hasText: netns.name }).waitFor();
  await page.keyboard.press('e');
  await page.locator('h1', { hasText: 'Events' }).waitFor();
});

test('a drag over the histogram shows what is stored of that time, Escape what happens now', async () => {
  const fromMs = Date.now();
  await churn.order({ opens: 6, refused: 5 });
  const toMs = Date.now();
  const stored = await until(
    'stored events',
    async () => {
      const answer = (await serve.ask(`connections?from=${fromMs}&to=${toMs + 1000}`)) as ConnectionsAnswer;
      return answer.events.filter(({ event }) => event === 'failed').length >= 5 ? answer : undefined;
    },
    WRITTEN_MS,
  );
  expect(stored.events.filter(({ event, target }) => event === 'failed' && target === name)).toHaveLength(5);
  const { page, faults } = await open();
  const box = await page.locator('.strip .u-over').boundingBox();
  if (box === null) throw new Error('there is no histogram');
  const ruler = page.locator('.ruler');
  const [min, max] = await Promise.all(['aria-valuemin', 'aria-valuemax'].map((key) => ruler.getAttribute(key)));
  const place = (ms: number) => box.x + (box.width * (ms / 1000 - Number(min))) / (Number(max) - Number(min));
  await page.mouse.move(Math.max(place(fromMs - 15_000), box.x + 1), box.y + 20);
  await page.mouse.down();
  await page.mouse.move(place(toMs), box.y + 20);
  await page.mouse.move(Math.min(place(toMs + 15_000), box.x + box.width - 1), box.y + 20);
  await page.mouse.up();
  await until('the zoom', () => hashOf(page).includes('from='));
  const addresses = new URLSearchParams(hashOf(page).split('?')[1]);
  expect(Number(addresses.get('from')) * 1000).toBeLessThan(fromMs);
  await page.getByRole('heading', { name: 'Stored events' }).waitFor();
  await until('its failures', async () => (await rows(page, 'failed').count()) >= 5);
  // The filter is the server's over stored events, too.
  await page.locator('.field input').fill(`dport ${churn.port} and role client`);
  await until('no failure', async () => (await rows(page, 'failed').count()) === 0);
  await until('both kinds', async () => (await rows(page, 'closed').count()) >= 6);
  await page.locator('.field input').fill('');
  await page.locator('h1').click();
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Stream' }).waitFor();
  expect(faults).toEqual([]);
});

test('the histogram has as many connections a second as there were', async () => {
  // Of a namespace of its own: the table has nothing that other tests did.
  const quiet = createNetns();
  const own = await churnIn(quiet);
  const alone = await startServe([`netns:${quiet.name}`]);
  try {
    const { page } = await openTab(alone.link);
    await page.locator('tr[data-row]').first().waitFor();
    // What is stored are rates between two ticks, which a busy machine takes at any distance; the stream has whole
    // seconds. No rates are read once the load is there.
    let isLoaded = false;
    await page.route(/\/history\?.*series=opened/, (route) => (isLoaded ? route.abort() : route.continue()));
    await go(page, '#/events?last=5m');
    await page.locator('.facts', { hasText: 'since' }).waitFor();
    isLoaded = true;
    await own.order({ opens: 40, refused: 2 });
    await page.keyboard.press('t');
    const table = page.locator('.strip-table');
    await table.waitFor();
    await until('its numbers', async () => isSame(await countsOf(page), eventsOf({ opens: 40, refused: 2 })));
    // Opened: attempts, and what came in. Of a point of several seconds the table has the highest.
    const highest = async (column: number) => {
      const texts = await table.locator(`tbody td:nth-child(${column})`).allTextContents();
      return Math.max(...texts.map((text) => Number(text.replaceAll(',', ''))).filter(Number.isFinite));
    };
    await until('failed ones', async () => (await highest(4)) > 0);
    await until('opened ones', async () => (await highest(3)) > 0);
    expect(await highest(4)).toBeLessThanOrEqual(2);
    expect(await highest(3)).toBeLessThanOrEqual(82);
  } finally {
    await alone.stop();
  }
});

test('thousands of events a second: all counted, some listed, and the page answers', async () => {
  const { page, faults } = await open();
  const load = { opens: 6000, refused: 4 };
  const beginMs = Date.now();
  await churn.order(load);
  await until('all of them', async () => isSame(await countsOf(page), eventsOf(load)), 60_000);
  const said = (await page.locator('[data-sampling]').textContent()) ?? '';
  expect(said).toMatch(/a sample of [\d,]+ of 30,008/);
  // Those that ended badly are not lost among so many.
  await page.getByRole('button', { name: 'Ended badly' }).click();
  const own = () =>
    rows(page, 'failed').evaluateAll(
      (all, since) => all.filter((row) => Number(row.getAttribute('data-at')) >= since).length,
      beginMs,
    );
  await until('the failures', async () => (await own()) === 4);
  await page.getByRole('button', { name: 'All', exact: true }).click();
  expect(await page.locator('tr[data-event]').count()).toBeLessThan(100);
  expect(faults).toEqual([]);
});

test('names with markup and escape codes are shown as text', async () => {
  const { page, faults } = await open();
  await oddChurn.order({ refused: 1 });
  const link = rows(page, 'failed').locator('a.name', { hasText: 'img' });
  await link.first().waitFor();
  expect(await link.first().textContent()).toBe(`netns:${ODD_SHOWN}`);
  expect(await page.locator('img').count()).toBe(0);
  expect(faults).toEqual([]);
});

for (const options of [{}, { dark: true }, { width: 390, height: 844 }]) {
  test(`axe finds nothing, nothing breaks the policy, nothing is too wide: ${JSON.stringify(options)}`, async () => {
    const { page, faults } = await open('#/events?last=5m', options);
    await churn.order({ opens: 3, refused: 2 });
    await until('lines', async () => (await rows(page, 'failed').count()) >= 2);
    expect(await axeViolations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(options.width ?? 1440);
    expect(faults).toEqual([]);
  });
}

const engine = testEngine();
if (typeof engine === 'string') test.skip(`events of containers: ${engine}`);
else describe('events of containers', () => withEngine(engine));

function withEngine(docker: TestEngine): void {
  let web: RunningContainer;
  let run: ServeRun;

  beforeAll(async () => {
    web = await docker.run({ script: 'exec /bin/busybox nc -l -p 8080' });
    run = await startServe([web.name], { env: { DOCKER_HOST: docker.endpoint } });
    await until('its row', async () => ((await run.ask('overview')) as OverviewAnswer).rows.length === 1);
  });
  afterAll(async () => {
    await run?.stop();
    await docker.removeAll();
  });

  test('a container that is renamed, stopped and started again is between the events, live and stored', async () => {
    const { page, faults } = await open('#/events?last=15m', {}, run);
    const order = (...args: string[]) =>
      execFileSync('docker', args, { env: { ...process.env, DOCKER_HOST: docker.endpoint }, stdio: 'pipe' });
    const other = `${web.name}-renamed`;
    const mark = (kind: string, text: string) => page.locator(`tr[data-mark="${kind}"]`, { hasText: text }).waitFor();
    order('rename', web.name, other);
    await mark('renamed', `${web.name} renamed to ${other}`);
    order('stop', '-t', '0', other);
    await mark('stopped', `${other} stopped`);
    order('start', other);
    await mark('restarted', `${other} restarted`);
    const wanted = ['renamed', 'stopped', 'restarted'];
    await until(
      'the same in the history',
      async () => {
        const { marks } = (await run.ask('connections')) as ConnectionsAnswer;
        return isSame(marks.map(({ kind }) => kind).reverse(), wanted);
      },
      WRITTEN_MS,
    );
    expect(faults).toEqual([]);
  });
}
