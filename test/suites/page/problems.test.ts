import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Diagnosis } from '../../../src/model/finding/diagnosis.ts';
import type { ProblemsAnswer, ServedProblem } from '../../../src/serve/protocol.ts';
import { socklens } from '../../support/cli.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { axeViolations, closeBrowser, openTab, type TabOptions } from '../../support/page/browser.ts';
import { populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

/** A second name of a namespace: markup, an escape code, a mark that turns the text round. */
const ODD_NAME = `<img>"<b>'\u202eetis\u001b[31m&amp;p${process.pid}`;
const ODD_SHOWN = `<img>"<b>'\\u202eetis\\x1b[31m&amp;p${process.pid}`;
const LEAK = 'CLOSE_WAIT_LEAK';
const RULES = `[doctor.rules.${LEAK}]\nminAgeMs = "1s"\n`;
/** How long the doctor looks: it needs two snapshots a second apart, of which a busy machine takes few. */
const FOR = '6s';
/** A judgement comes every ten seconds; on a busy machine less often. */
const JUDGED_MS = 120_000;
vi.setConfig({ testTimeout: 300_000 });

let folder: string;
let config: string;
let leaking: TestNetns;
let odd: TestNetns;
let ignored: TestNetns;
let serve: ServeRun;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-problems-'));
  config = path.join(folder, 'socklens.toml');
  [leaking, odd, ignored] = [createNetns(), createNetns(), createNetns()];
  fs.writeFileSync(
    config,
    `${RULES}\n[[ignore]]\nrule = "${LEAK}"\ntarget = "netns:${ignored.name}"\nwhy = "<i>known</i>"\n`,
  );
  const pids = [];
  for (const [netns, port, closing] of [
    [leaking, 8080, 120],
    // Of one program with one port they would be one problem.
    [odd, 8081, 40],
    [ignored, 8082, 40],
  ] as const) {
    const population = await populate(netns);
    await population.order({ port, open: 10, closing });
    pids.push(population.pid);
  }
  execFileSync('ip', ['netns', 'attach', ODD_NAME, String(pids[1])]);
  const targets = [leaking.name, ODD_NAME, ignored.name].map((name) => `netns:${name}`);
  serve = await startServe([...targets, '--config', config]);
}, 120_000);
afterEach(closeBrowser);
afterAll(async () => {
  await serve?.stop();
  execFileSync('ip', ['netns', 'delete', ODD_NAME]);
  removeAllNetns();
  fs.rmSync(folder, { recursive: true });
});

/** The open problem of a namespace, once it is there. */
async function problemOf(name: string): Promise<ServedProblem> {
  return until(
    `the problem of ${name}`,
    async () =>
      ((await serve.ask('problems')) as ProblemsAnswer).problems.find(
        ({ rule, containers, resolvedAtMs }) =>
          rule === LEAK && containers.includes(`netns:${name}`) && resolvedAtMs === undefined,
      ),
    JUDGED_MS,
  );
}

async function open(hash: string, options: TabOptions = {}) {
  const tab = await openTab(serve.link, options);
  await tab.page.locator('tr[data-row]').first().waitFor();
  await tab.page.evaluate((wanted) => {
    location.hash = wanted;
  }, hash);
  return tab;
}

const textOf = async (locator: Locator) => ((await locator.textContent()) ?? '').replace(/\s+/g, ' ').trim();
const section = (page: Page, name: string) => page.locator(`section[aria-label="${name}"]`);

test('the detail of a problem says what the doctor says of it, and its number is that of ss', async () => {
  const { id } = await problemOf(leaking.name);
  const target = `netns:${leaking.name}`;
  const printed = socklens(['doctor', target, '--rule', LEAK, '--config', config, '--for', FOR, '--json']);
  const [said] = (JSON.parse(printed.stdout) as Diagnosis).problems;
  const { page, faults } = await open(`#/problems/${id}`);
  await page.locator('.detail h2').waitFor();
  expect(await textOf(page.locator('.detail h2'))).toBe(`${said?.title}: ${said?.about}`);
  const head = await textOf(page.locator('.detail .facts').first());
  expect(head).toContain('Critical');
  expect(head).toContain(`confidence: ${said?.confidence}`);
  expect(head).toContain(LEAK);
  const numbers = await page
    .locator('.three > div')
    .evaluateAll((all) =>
      all.map((one) => [one.querySelector('b')?.textContent, one.querySelector('span')?.textContent]),
    );
  expect(numbers).toEqual(said?.numbers.map(({ what, value }) => [String(value), what]));
  const closeWait = leaking.run('ss', '-tanH', 'state', 'close-wait').trim().split('\n').length;
  expect(numbers[0]?.[0]).toBe(String(closeWait));
  expect(await textOf(section(page, 'Where').locator('h3'))).toBe(`Where${said?.places[0]?.name}`);
  expect(await section(page, 'Fix').locator('pre').textContent()).toBe(said?.fix?.snippet);
  expect(await textOf(section(page, 'Fix').locator('p').first())).toBe(said?.fix?.text);
  expect(await section(page, 'Verify').locator('pre').textContent()).toBe(said?.verify);
  // Over time: the number at each judgement, and the sockets of the namespace.
  const strips = page.locator('.strips .strip');
  await until('the charts', async () => (await strips.count()) === numbers.length + 1);
  for (const name of [numbers[0]?.[1] ?? '', target]) {
    const strip = strips.filter({ has: page.locator('h2', { hasText: name }) });
    await until(
      `the value of ${name}`,
      async () => (await textOf(strip.locator('.legend b').first())) === String(closeWait),
    );
  }
  expect(faults).toEqual([]);
});

test('keyboard alone: p, j, Enter, c; the number of open problems is at the entry', async () => {
  await problemOf(ODD_NAME);
  const { id, title, fix } = await problemOf(leaking.name);
  const { page, faults } = await open('#/');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.keyboard.press('p');
  const tracks = page.locator('.track');
  await until('both problems', async () => (await tracks.count()) === 2);
  const entry = page.locator('.nav a[aria-current="page"]');
  expect(await textOf(entry)).toBe('Problems 2 open problems');
  // The critical one comes first.
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.locator('.detail h2', { hasText: title }).waitFor();
  expect(new URL(page.url()).hash).toBe(`#/problems/${id}`);
  expect(await page.locator('.track[aria-current]').count()).toBe(1);
  // The button says so for a moment.
  await Promise.all([section(page, 'Fix').getByRole('button', { name: 'Copied' }).waitFor(), page.keyboard.press('c')]);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(fix?.snippet);
  // The way on: its container, by Tab, and back.
  const link = page.locator('.places a').first();
  await link.focus();
  await page.keyboard.press('Enter');
  await page.locator('h1', { hasText: leaking.name }).waitFor();
  // There the card leads back to the problem.
  await page.locator('.pcard').first().focus();
  await page.keyboard.press('Enter');
  await page.locator('.detail h2', { hasText: title }).waitFor();
  expect(faults).toEqual([]);
});

test('a bar begins when the problem did, and the filter narrows the list', async () => {
  const { openedAtMs } = await problemOf(leaking.name);
  const { page } = await open('#/problems?last=15m');
  const track = page.locator('.track', { hasText: leaking.name });
  await track.waitFor();
  const place = await track.evaluate((row) => {
    const lane = row.querySelector('.lane')?.getBoundingClientRect();
    const bar = row.querySelector('.run')?.getBoundingClientRect();
    const ruler = document.querySelector('.ruler');
    const [from, to] = [ruler?.getAttribute('aria-valuemin'), ruler?.getAttribute('aria-valuemax')].map(Number);
    return { left: ((bar?.left ?? 0) - (lane?.left ?? 0)) / (lane?.width ?? 1), from, to };
  });
  const { left, from = 0, to = 0 } = place;
  const shownMs = (from + left * (to - from)) * 1000;
  // Bars begin at a pixel, which is about a second.
  expect(Math.abs(shownMs - openedAtMs)).toBeLessThan(5000);
  await page.keyboard.press('/');
  await page.keyboard.type(`close_wait* ${leaking.name}`);
  await until('one of them', async () => (await page.locator('.track').count()) === 1);
  await page.keyboard.type(' nothing-like-it');
  await page.getByText('Nothing matches').waitFor();
});

test('names with markup and escape codes are shown as text', async () => {
  const { id } = await problemOf(ODD_NAME);
  const { page, faults } = await open(`#/problems/${id}`);
  await page.locator('.detail h2').waitFor();
  expect(await textOf(section(page, 'Where').locator('h3'))).toContain(`netns:${ODD_SHOWN}`);
  expect(await page.locator('.track .sub', { hasText: 'img' }).textContent()).toContain(`netns:${ODD_SHOWN}`);
  expect(await page.locator('img').count()).toBe(0);
  await page.locator('.ignore summary').click();
  await page.locator('.ignore input').fill('\u001b[31m"<b>');
  const block = await section(page, 'Ignore on purpose').locator('pre').textContent();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(block).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  const file = path.join(folder, 'odd.toml');
  fs.writeFileSync(file, `${RULES}\n${block}\n`);
  const target = `netns:${ODD_NAME}`;
  expect(socklens(['doctor', target, '--rule', LEAK, '--config', file, '--for', FOR, '--quiet']).status).toBe(0);
  expect(faults).toEqual([]);
});

test('the list of what is ignored is that of doctor --all, and the block to paste works once it is read', async () => {
  const { id } = await problemOf(leaking.name);
  const { page, faults } = await open('#/problems');
  await page.getByRole('button', { name: 'Ignored 1' }).focus();
  await page.keyboard.press('Enter');
  const listed = section(page, 'Ignored on purpose').locator('li');
  await until('what was left out', async () => (await textOf(listed.first())).includes('1 finding'));
  const saidOf = (target: string) =>
    socklens(['doctor', target, '--rule', LEAK, '--config', config, '--for', FOR, '--all'], { COLUMNS: '500' })
      .stdout.replace(/\s+/g, ' ')
      .trim();
  expect(saidOf(`netns:${ignored.name}`)).toContain(await textOf(listed.first()));
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/problems/${id}`);
  await page.locator('.ignore summary').focus();
  await page.keyboard.press('Enter');
  await page.getByText('once there is a reason').waitFor();
  await page.getByLabel('Why, for whoever reads it next').focus();
  await page.keyboard.type('the vendor fixes it in March');
  const block = await section(page, 'Ignore on purpose').locator('pre').textContent();
  expect(await textOf(section(page, 'Ignore on purpose').locator('.where span'))).toBe(config);
  const before = fs.readFileSync(config, 'utf8');
  try {
    fs.appendFileSync(config, `\n${block}\n`);
    process.kill(serve.pid, 'SIGHUP');
    await page.evaluate(() => {
      location.hash = '#/problems?show=ignored';
    });
    const now = listed.filter({ hasText: 'March' });
    await until(
      'the new entry at work',
      async () => (await now.count()) === 1 && /1 finding/.test(await textOf(now)),
      JUDGED_MS,
    );
    expect(saidOf(`netns:${leaking.name}`)).toContain(await textOf(now));
  } finally {
    fs.writeFileSync(config, before);
    process.kill(serve.pid, 'SIGHUP');
    await until('the old entries', async () => (await listed.count()) === 1, JUDGED_MS);
  }
  expect(faults).toEqual([]);
});

for (const dark of [false, true]) {
  test(`${dark ? 'dark' : 'light'}: axe finds nothing, and nothing breaks the policy`, async () => {
    const { id } = await problemOf(leaking.name);
    const { page, faults } = await open(`#/problems/${id}`, { dark });
    await page.locator('.strip canvas').first().waitFor();
    await page.locator('.ignore summary').click();
    await page.locator('.ignore input').fill('known');
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('button', { name: /^Ignored/ }).click();
    await section(page, 'Ignored on purpose').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect(faults).toEqual([]);
  });
}

test('on a telephone: nothing is wider than 390 pixels, and axe finds nothing', async () => {
  const { id } = await problemOf(leaking.name);
  const { page, faults } = await open(`#/problems/${id}`, { width: 390, height: 844 });
  await page.locator('.strip canvas').first().waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  expect(await axeViolations(page)).toEqual([]);
  expect(faults).toEqual([]);
});

test('a problem that nobody knows says so, and p leads to the others', async () => {
  const { page } = await open('#/problems/no-such-problem');
  await page.getByText('This problem is not known here').waitFor();
  await page.keyboard.press('p');
  await until('the list', () => new URL(page.url()).hash === '#/problems');
});
