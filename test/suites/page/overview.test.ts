import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { axeViolations, closeBrowser, openTab } from '../../support/page/browser.ts';
import { type Population, populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';
import { type ShownRow, shownRow } from '../../support/page/shown-row.ts';

let netns: TestNetns;
let population: Population;
let serve: ServeRun;

beforeAll(async () => {
  netns = createNetns();
  population = await populate(netns);
  await population.order({ port: 8080, open: 30, closing: 4 });
  serve = await startServe([`netns:${netns.name}`]);
});
afterEach(closeBrowser);
afterAll(async () => {
  await serve?.stop();
  removeAllNetns();
});

/** What `ss` and `/proc` say at this moment. */
function truth(): ShownRow {
  const states = netns
    .run('ss', '-tanH')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/)[0]);
  return {
    open: states.filter((state) => state !== 'TIME-WAIT').length,
    closeWait: states.filter((state) => state === 'CLOSE-WAIT').length,
    timeWait: states.filter((state) => state === 'TIME-WAIT').length,
    descriptors: fs.readdirSync(`/proc/${population.pid}/fd`).length,
  };
}

test('overview: the numbers of a row are those of ss and /proc, and follow them', async () => {
  const { page, faults } = await openTab(serve.link);
  const name = `netns:${netns.name}`;
  const isTrue = async () => JSON.stringify(await shownRow(page, name)) === JSON.stringify(truth());
  await until('the first numbers', isTrue);
  await population.order({ port: 8080, open: 55, closing: 9 });
  expect(truth()).toMatchObject({ closeWait: 9 });
  await until('the numbers of now', isTrue);
  expect(faults).toEqual([]);
});

test('overview: the bar of states says the same in words', async () => {
  const { page } = await openTab(serve.link);
  await until('the bar', async () => (await page.locator('.mix').count()) === 1);
  const label = await page.locator('.mix').getAttribute('aria-label');
  const shown = Object.fromEntries((label ?? '').split(', ').map((part) => part.split(' ')));
  const states = netns
    .run('ss', '-tanH')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(/\s+/)[0]);
  expect(shown).toEqual({
    LISTEN: String(states.filter((state) => state === 'LISTEN').length),
    ESTABLISHED: String(states.filter((state) => state === 'ESTAB').length),
    FIN_WAIT2: String(states.filter((state) => state === 'FIN-WAIT-2').length),
    CLOSE_WAIT: String(states.filter((state) => state === 'CLOSE-WAIT').length),
  });
});

test('overview: j and Enter open a container, o returns; / goes to the filter', async () => {
  const { page } = await openTab(serve.link);
  await page.locator('tr[data-row]').first().waitFor();
  await page.keyboard.press('j');
  expect(await page.locator('tr[aria-selected="true"]').getAttribute('data-row')).toBe(`netns:${netns.name}`);
  await page.keyboard.press('Enter');
  await page.locator('h1', { hasText: netns.name }).waitFor();
  expect(new URL(page.url()).hash).toBe(`#/c/${encodeURIComponent(`netns:${netns.name}`)}`);
  await page.keyboard.press('o');
  await page.locator('tr[data-row]').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('no-such-container');
  await page.getByText('Nothing matches').waitFor();
  expect(new URL(page.url()).hash).toBe('#/?filter=no-such-container');
  await page.keyboard.press('Escape');
  await page.locator('tr[data-row]').first().waitFor();
});

test('overview: keys go on after the help is closed, however it is', async () => {
  const { page } = await openTab(serve.link);
  const help = page.locator('dialog.help');
  for (const close of [
    () => page.keyboard.press('Escape'),
    () => help.getByRole('button', { name: 'Close' }).click(),
  ]) {
    await page.locator('tr[data-row]').first().waitFor();
    await page.keyboard.press('?');
    await help.getByText('Back to live').waitFor();
    await close();
    await help.waitFor({ state: 'hidden' });
    await until('the focus', () => page.evaluate(() => document.activeElement === document.body));
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.locator('h1', { hasText: netns.name }).waitFor();
    await page.keyboard.press('o');
  }
});

test('overview: a mistake in the filter has a caret below its place', async () => {
  const { page } = await openTab(serve.link);
  // Keys are listened to once the page is drawn.
  await page.locator('tr[data-row]').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('state close-wiat');
  const alert = page.getByRole('alert');
  await alert.waitFor();
  expect(await alert.textContent()).toContain('close-wait');
  const [text = '', caret = ''] = ((await alert.locator('pre').textContent()) ?? '').split('\n');
  expect(text.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('close-wiat');
});

test('overview: with three rows at most the charts of the first are open beneath, and those of the row that keys choose', async () => {
  const others = [createNetns(), createNetns()];
  const [second, third] = others;
  if (second === undefined || third === undefined) throw new Error('two namespaces');
  const names = [netns, ...others].map((one) => `netns:${one.name}`);
  const few = await startServe(names);
  try {
    const { page, faults } = await openTab(few.link);
    // Sorted by trouble: it alone has sockets in CLOSE_WAIT.
    const head = (name: string) => page.locator(`section[aria-label="Charts of ${name}"]`);
    await head(names[0] ?? '').waitFor();
    const open = head(names[0] ?? '').locator('section.strip[aria-label="Open sockets"] .legend');
    await until('the numbers of ss', async () => {
      const total =
        (await open
          .locator('li', { has: page.getByText('Total') })
          .locator('b')
          .textContent()) ?? '';
      return Number(total.replaceAll(',', '')) === truth().open;
    });
    expect(await page.locator('tr[aria-selected="true"]').getAttribute('data-row')).toBe(names[0]);
    await page.keyboard.press('j');
    const chosen = await until('the next row', async () => {
      const row = await page.locator('tr[aria-selected="true"]').getAttribute('data-row');
      return row !== null && row !== names[0] && row;
    });
    await head(chosen).waitFor();
    await head(chosen).locator('section.strip[aria-label="Open sockets"]').waitFor();
    expect(await page.locator('section.strip[aria-label="Open sockets"]').count()).toBe(1);
    expect(faults).toEqual([]);
  } finally {
    await few.stop();
  }
});

test('overview: with more rows no charts are open', async () => {
  const names = [netns, ...Array.from({ length: 3 }, () => createNetns())].map((one) => `netns:${one.name}`);
  const many = await startServe(names);
  try {
    const { page } = await openTab(many.link);
    await until('all rows', async () => (await page.locator('tr[data-row]').count()) === names.length);
    expect(await page.locator('section.strip').count()).toBe(0);
  } finally {
    await many.stop();
  }
});

test('overview: what stopped is the last row, without numbers, with its time; its page keeps its charts', async () => {
  const goes = createNetns();
  const name = `netns:${goes.name}`;
  const both = await startServe([name, `netns:${netns.name}`]);
  try {
    const { page, faults } = await openTab(both.link);
    await page.getByRole('heading', { name: /^2 network namespaces/ }).waitFor();
    const row = page.locator(`tr[data-row="${name}"]`);
    await row.locator('[data-open]').waitFor();
    goes.remove();
    const stopped = page.locator('tr.stopped');
    await stopped.waitFor({ timeout: 120_000 });
    expect(await stopped.getAttribute('data-row')).toBe(name);
    expect(await stopped.locator('.m-name').textContent()).toMatch(/stopped \d\d:\d\d:\d\d$/);
    expect(await stopped.locator('[data-open]').count()).toBe(0);
    expect(await page.locator('tr[data-row]').last().getAttribute('data-row')).toBe(name);
    await page.getByRole('heading', { name: /^1 network namespace,/ }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await stopped.locator('a.name').click();
    await page.locator('.facts', { hasText: 'stopped' }).waitFor();
    await page.locator('section.strip[aria-label="Open sockets"] canvas').waitFor();
    expect(faults).toEqual([]);
  } finally {
    await both.stop();
  }
}, 240_000);
