/** The page of many hosts in Chromium, over a real VictoriaMetrics with hosts that never were. */
import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type MetricsEngine, startVictoriaMetrics } from '../../support/engines/engines.ts';
import { importFleet, type SimulatedHost } from '../../support/engines/fleet.ts';
import { removeEngines } from '../../support/engines/program.ts';
import { until } from '../../support/netns.ts';
import { axeViolations, closeBrowser, openTab, type TabOptions } from '../../support/page/browser.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

const WHY_NOT =
  spawnSync('sh', ['-c', 'command -v victoria-metrics']).status === 0
    ? ''
    : ': victoria-metrics is not installed (Debian)';

/** A host's name may have all of these: markup, an escape code, a mark that turns the text round. */
const ODD_NAME = '<img>"<b>\'\u202eetis\u001b[31m&amp;';
const ODD_SHOWN = '<img>"<b>\'\\u202eetis\\x1b[31m&amp;';

const CALM = Array.from(
  { length: 300 },
  (_, index): SimulatedHost => ({ name: `calm-${index}`, containers: ['web', 'db'] }),
);
const LEAK = { rule: 'CLOSE_WAIT_LEAK', severity: 'critical' };
const HOSTS: readonly SimulatedHost[] = [
  ...CALM,
  {
    ...{
      name: 'leaking',
      containers: ['web', 'db', 'api'],
      critical: 1,
      warning: 2,
      fullest: 0.97,
      problems: { api: LEAK },
    },
    ...{ closeWait: (name) => (name === 'api' ? 321 : 0), peers: { 'mysql-main': 40, external: 900 } },
  },
  { name: 'quiet', containers: ['web'], endedMs: 600_000 },
  { name: 'local', containers: ['web'], warning: 1, url: 'http://127.0.0.1:7077', peers: { 'mysql-main': 2 } },
  { name: ODD_NAME, containers: [ODD_NAME], instance: 'odd:9477', warning: 1, url: 'javascript:alert(1)' },
];

describe.skipIf(WHY_NOT !== '')(`the page of many hosts${WHY_NOT}`, () => {
  let engine: MetricsEngine;
  let serve: ServeRun;

  beforeAll(async () => {
    engine = await startVictoriaMetrics({});
    await importFleet(engine.url, HOSTS, 3_600_000);
    const listed = async () => Number((await engine.query('count(socklens_instance_info)'))[0]?.value);
    await until('the hosts in the store', async () => (await listed()) === HOSTS.length - 1);
    serve = await startServe(['--hosts-only', `--store=${engine.url}`]);
  });
  afterEach(closeBrowser);
  afterAll(async () => {
    await serve?.stop();
    await removeEngines();
  });

  async function open(hash: string, options: TabOptions = {}) {
    const { link } = serve;
    const tab = await openTab(link, options);
    // Until the page knows that the server has nothing else, it leads there by itself.
    await tab.page.locator('section[aria-label="Hosts"] tr[data-row]').first().waitFor();
    if (hash !== '') {
      await tab.page.evaluate((wanted) => {
        location.hash = wanted;
      }, hash);
    }
    return tab;
  }

  const rowNames = "[...document.querySelectorAll('tr[data-row] .name')].map((name) => name.textContent)";

  test('the first view is that of the hosts, by trouble: critical, silent, warning, then the calm', async () => {
    const { page, faults } = await open('');
    await page.locator('tr[data-row]').first().waitFor();
    expect(((await page.evaluate(rowNames)) as string[]).slice(0, 4)).toEqual(['leaking', 'quiet', ODD_SHOWN, 'local']);
    // No view of a machine is offered: nothing is watched here.
    expect(await page.locator('nav[aria-label="Pages"] a').allTextContents()).toEqual(['Hosts']);
    expect(await page.locator('h1').textContent()).toBe(`4 of ${HOSTS.length} hosts need a look`);
    const cells = await page.locator('tr[data-row="socklens/leaking:9477"] td').allTextContents();
    expect(cells.slice(1, 7)).toEqual(['leakingleaking:9477', '1 critical, 2 warnings', '3', '456', '321', '400']);
    expect(await page.locator('tr[data-row="socklens/quiet:9477"]').textContent()).toMatch(/silent for \d+ min/);
    expect(faults).toEqual([]);
  });

  test('an address that is no page is no link; one of loopback is told as a tunnel', async () => {
    const { page, faults } = await open('');
    await page.locator('tr[data-row]').first().waitFor();
    const pageOf = (row: string) => page.locator(`tr[data-row="${row}"] td:last-child`);
    expect(await pageOf('socklens/leaking:9477').locator('a').getAttribute('href')).toBe(
      'https://leaking.example:7077/',
    );
    expect(await pageOf('socklens/odd:9477').locator('a').count()).toBe(0);
    expect(await pageOf('socklens/local:9477').locator('a').count()).toBe(0);
    await page.locator('tr[data-row="socklens/local:9477"] a.name').click();
    await page.getByText('ssh -N -L 7077:127.0.0.1:7077 local').waitFor();
    expect(faults).toEqual([]);
  });

  test('keyboard: rows, one of them and back, filter, help', async () => {
    const { page, faults } = await open('');
    await page.locator('tr[data-row]').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.locator('tr[data-row="socklens/quiet:9477"][aria-selected="true"]').waitFor();
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.locator('h1', { hasText: 'leaking' }).waitFor();
    expect(await page.evaluate('location.hash')).toBe('#/hosts/socklens%2Fleaking%3A9477');
    await page.keyboard.press('Escape');
    // The list has keys of its own, from when it is shown again.
    await page.locator('h1', { hasText: 'hosts need a look' }).waitFor();
    await page.locator('section[aria-label="Hosts"] tr[data-row]').first().waitFor();
    await page.keyboard.press('/');
    await page.locator('input:focus').waitFor();
    await page.keyboard.type('calm-7?');
    await until('the ten hosts', async () => ((await page.evaluate(rowNames)) as string[]).length === 10);
    await page.keyboard.press('Escape');
    await page.keyboard.type('nowhere');
    await page.getByText('No host matches nowhere.').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.locator('dialog[open]').getByText('Hosts', { exact: true }).waitFor();
    expect(faults).toEqual([]);
  });

  test('containers in trouble of all hosts lead to the page of their host', async () => {
    const { page, faults } = await open('#/hosts?show=containers');
    const row = page.locator('tr[data-row="socklens/leaking:9477   api"]');
    await row.waitFor();
    expect((await row.locator('td').allTextContents()).slice(1, 6)).toEqual([
      'api',
      'leaking',
      'CLOSE_WAIT_LEAK',
      '321',
      '321',
    ]);
    expect(await row.locator('a.name').getAttribute('href')).toBe('https://leaking.example:7077/#/c/api');
    expect(faults).toEqual([]);
  });

  test('one host: all of its containers, the worst first', async () => {
    const { page, faults } = await open('#/hosts/leaking%3A9477');
    const row = page.locator('section[aria-label="Containers"] tr[data-row]');
    await row.first().waitFor();
    expect(await row.locator('.name').allTextContents()).toEqual(['api', 'db', 'web']);
    const link = page.getByRole('link', { name: 'Page of this host' });
    expect(await link.getAttribute('href')).toBe('https://leaking.example:7077/');
    expect(faults).toEqual([]);
  });

  test('peers by name over all hosts; the filter is a part of the name', async () => {
    const { page, faults } = await open('#/hosts?show=peers');
    const row = page.locator('section[aria-label="Peers"] tbody tr');
    await row.first().waitFor();
    expect(await row.locator('td').allTextContents()).toEqual(['mysql-main:3306', '42', '2', '2']);
    await page.keyboard.press('/');
    await page.keyboard.type('SQL');
    await row.first().waitFor();
    await page.keyboard.type('x');
    await page.getByText('No peer matches SQLx.').waitFor();
    expect(faults).toEqual([]);
  });

  test('alerts, in the words of the rules', async () => {
    const { page, faults } = await open('#/hosts?show=alerts');
    await page.getByText('No alerts', { exact: true }).waitFor();
    const labels =
      'alertname="CloseWaitGrowing",alertstate="firing",severity="warning",container="api",instance="leaking:9477"';
    await fetch(`${engine.url}/api/v1/import/prometheus`, { method: 'POST', body: `ALERTS{${labels}} 1\n` });
    const row = page.locator('section[aria-label="Alerts"] tbody tr');
    await row.first().waitFor();
    expect((await row.locator('td').allTextContents()).slice(1, 5)).toEqual([
      'CloseWaitGrowingapi',
      'leaking',
      '–',
      'firing',
    ]);
    expect(faults).toEqual([]);
  });

  for (const [view, hash, seen] of [
    ['hosts', '', 'tr[data-row]'],
    ['containers', '#/hosts?show=containers', 'section[aria-label="Containers"] tr[data-row]'],
    ['peers', '#/hosts?show=peers', 'section[aria-label="Peers"]'],
    ['one host', '#/hosts/local%3A9477', '.paste'],
  ] as const) {
    for (const dark of [false, true]) {
      test(`${view}, ${dark ? 'dark' : 'light'}: axe finds nothing, and nothing breaks the policy`, async () => {
        const { page, faults } = await open(hash, { dark });
        await page.locator(seen).first().waitFor();
        expect(await axeViolations(page)).toEqual([]);
        expect(faults).toEqual([]);
        expect(await page.evaluate(() => document.cookie)).toBe('');
      });
    }

    test(`${view} on a telephone: nothing is wider than 390 pixels, and axe finds nothing`, async () => {
      const { page, faults } = await open(hash, { width: 390, height: 844 });
      await page.locator(seen).first().waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      expect(await axeViolations(page)).toEqual([]);
      expect(faults).toEqual([]);
    });
  }

  test('all rows can be scrolled to, and only those in sight are in the document', async () => {
    const { page, faults } = await open('');
    await page.locator('tr[data-row]').first().waitFor();
    expect(await page.locator('tr[data-row]').count()).toBeLessThan(100);
    await page.keyboard.press('End');
    await page.locator('tr[data-row="socklens/calm-299:9477"]').waitFor();
    expect(faults).toEqual([]);
  });

  test('a store that is away: said, and what it had stays; it goes on by itself', async () => {
    const { page, faults } = await open('');
    await page.locator('tr[data-row]').first().waitFor();
    const port = Number(new URL(engine.url).port);
    await engine.stop();
    await page.getByRole('alert').getByText(`the store 127.0.0.1:${port} does not answer`).waitFor();
    expect(await page.locator('tr[data-row]').count()).toBeGreaterThan(4);
    engine = await startVictoriaMetrics({ again: { port, folder: engine.folder } });
    await page.getByRole('alert').waitFor({ state: 'detached' });
    expect(faults).toEqual([]);
  });
});
