import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SHORT_TITLES } from '../../../src/model/finding/problem-titles.ts';
import { socklens } from '../../support/cli.ts';
import { createNetns, removeAllNetns, until } from '../../support/netns.ts';
import { axeViolations, closeBrowser, openTab, type TabOptions } from '../../support/page/browser.ts';
import { dropFile, isRead, keepIncident } from '../../support/page/recordings.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';
import { shownRow } from '../../support/page/shown-row.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
/** A pool that is too large: a minute of it is made of ten seconds. */
const POOL = path.join(ROOT, 'test/doctor/incidents/recordings/postgres-pool-times-workers.slr');
const QUIET = path.join(ROOT, 'test/doctor/incidents/recordings/healthy-load-test.slr');
/** Of the oldest version whose recordings open. */
const OLDEST = path.join(ROOT, 'test/fixtures/recordings/v0.1.0-full.slr');
const HANGS_MS = 120_000;

const EARLY = '20261128-100000';
const LATE = '20261129-100000';

let data: string;
let serve: ServeRun;

beforeAll(async () => {
  data = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-incidents-'));
  const netns = createNetns();
  serve = await startServe([`netns:${netns.name}`], { data });
});
afterEach(closeBrowser);
afterAll(async () => {
  await serve?.stop();
  fs.rmSync(data, { recursive: true, force: true });
  removeAllNetns();
});

function keepBoth(): void {
  keepIncident(data, EARLY, QUIET, 'Before the deploy', 'by hand');
  keepIncident(data, LATE, POOL, '', 'critical: a pool with more connections (netns:app)');
}

async function openIncidents(options: TabOptions = {}) {
  const tab = await openTab(serve.link, options);
  await tab.page.locator('tr[data-row]').first().waitFor();
  await tab.page.keyboard.press('i');
  await tab.page.locator('.drop').waitFor();
  return tab;
}

async function dropped(file: string, options: TabOptions = {}) {
  const tab = await openTab(serve.link, options);
  await tab.page.locator('tr[data-row]').first().waitFor();
  await dropFile(tab.page, path.basename(file), fs.readFileSync(file));
  await isRead(tab.page);
  return tab;
}

interface PsRow {
  name: string;
  sockets: { total: number; byState: Record<string, number> };
  descriptors?: { used: number };
}

/** What `ps --from FILE` prints, as the overview shows it. */
function psRows(...args: string[]): Map<string, { open: number; timeWait: number; descriptors: number | undefined }> {
  const { stdout, stderr, status } = socklens(['ps', '--json', '--from', ...args]);
  expect({ stderr, status }).toMatchObject({ status: 0 });
  const { containers } = JSON.parse(stdout) as { containers: PsRow[] };
  return new Map(
    containers.map(({ name, sockets, descriptors }) => {
      const timeWait = sockets.byState.TIME_WAIT ?? 0;
      return [name, { open: sockets.total - timeWait, timeWait, descriptors: descriptors?.used }];
    }),
  );
}

async function expectRows(page: Page, expected: ReturnType<typeof psRows>): Promise<void> {
  for (const [name, { open, timeWait, descriptors }] of expected) {
    await until(`the row ${name}`, async () => (await shownRow(page, name))?.open === open);
    const row = await shownRow(page, name);
    expect(row).toMatchObject({ open, timeWait });
    if (descriptors !== undefined) expect(row?.descriptors).toBe(descriptors);
  }
  expect(await page.locator('tr[data-row]').count()).toBe(expected.size);
}

/** Sockets of the table of a container's page as `local peer`. */
async function shownSockets(page: Page): Promise<string[]> {
  return page.locator('[data-socket]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-socket') ?? ''));
}

test('a dropped recording: rows are those of ps --from, at its end and at another moment', async () => {
  const { page, faults } = await dropped(POOL);
  await expectRows(page, psRows(POOL));
  expect(await page.locator('.notice.ink').textContent()).toContain('postgres-pool-times-workers.slr');
  const { stdout } = socklens(['ps', '--json', '--from', POOL]);
  const endMs = Math.floor(Date.parse((JSON.parse(stdout) as { takenAt: string }).takenAt) / 1000) * 1000;
  const momentMs = endMs - 4000;
  await page.evaluate(
    ([from, to]) => {
      location.hash = `${location.hash.replace(/&last=[^&]*/, '')}&from=${from}&to=${to}`;
    },
    [momentMs / 1000 - 6, momentMs / 1000],
  );
  const then = psRows(POOL, '--at', new Date(momentMs).toISOString());
  expect(then).not.toEqual(psRows(POOL));
  await expectRows(page, then);
  expect(faults).toEqual([]);
});

test('a dropped recording: sockets and peers of a container are those of ls --from', async () => {
  const { page } = await dropped(POOL);
  await page.locator('tr[data-row="netns:app"] a.name').click();
  await page.locator('[data-socket]').first().waitFor();
  await page.locator('.strip canvas').first().waitFor();
  const { stdout } = socklens(['ls', 'netns:app', '--json', '--from', POOL, 'exclude time-wait']);
  const { sockets } = JSON.parse(stdout) as {
    sockets: { local: { address: string; port: number }; peer: { address: string; port: number }; state: string }[];
  };
  const text = (end: { address: string; port: number }) => `${end.address}:${end.port}`;
  await until('all sockets', async () => (await shownSockets(page)).length === sockets.length);
  expect((await shownSockets(page)).sort()).toEqual(
    sockets.map(({ local, peer }) => `${text(local)} ${text(peer)}`.replace(/0\.0\.0\.0:0$/, '0.0.0.0:*')).sort(),
  );
  const toServer = sockets.filter(({ peer, state }) => peer.port === 5432 && state === 'ESTABLISHED').length;
  expect(await page.locator('section[aria-label^="Peers"] tr', { hasText: '5432' }).first().textContent()).toContain(
    String(toServer),
  );
  // A filter is decided here too.
  await page.keyboard.press('/');
  await page.keyboard.type('state established and dport = 5432');
  await until('only those', async () => (await shownSockets(page)).length === toServer);
});

test('a dropped recording: problems are those of doctor --from', async () => {
  const { page } = await dropped(POOL);
  const { stdout } = socklens(['doctor', '--json', '--from', POOL]);
  const { problems } = JSON.parse(stdout) as {
    problems: { rule: string; about?: string; severity: string; places: { name: string }[] }[];
  };
  const expected = problems
    .filter(({ severity }) => severity !== 'info')
    .flatMap(({ rule, about, places }) => [
      `${SHORT_TITLES[rule]}${about === undefined ? '' : `: ${about.replace(/^peer /, '')}`}`,
      places[0]?.name ?? '',
    ]);
  expect(expected.length).toBeGreaterThan(0);
  const shown = await page.locator('[aria-label="Open problems"]').textContent();
  for (const title of expected) expect(shown).toContain(title);
});

test('a recording of the oldest version opens with the numbers of ps --from', async () => {
  const { page, faults } = await dropped(OLDEST);
  await expectRows(page, psRows(OLDEST));
  expect(faults).toEqual([]);
});

test('a dropped recording is sent nowhere: while it is shown nothing is asked of the server', async () => {
  const { page } = await openTab(serve.link);
  await page.locator('tr[data-row]').first().waitFor();
  const requests: { url: string; method: string; body: number }[] = [];
  page.on('request', (request) => {
    requests.push({ url: request.url(), method: request.method(), body: request.postDataBuffer()?.length ?? 0 });
  });
  await dropFile(page, 'mine.slr', fs.readFileSync(POOL));
  await isRead(page);
  await page.locator('tr[data-row="netns:app"] a.name').click();
  await page.locator('[data-socket]').first().waitFor();
  expect(requests.filter(({ method, body }) => method !== 'GET' || body > 0)).toEqual([]);
  // What is loaded are parts of the page itself.
  expect(requests.filter(({ url }) => !/\/[\w-]+\.(js|svg)$/.test(url))).toEqual([]);
  // It ends with the recording.
  await page.keyboard.press('Escape');
  await page.locator('.drop').waitFor();
  await until('the stream', () => requests.some(({ url }) => url.includes('/api/v1/stream')));
});

test('esc leaves a part of a recording, then the recording', async () => {
  const { page } = await dropped(POOL);
  const whole = await page.evaluate(() => location.hash);
  await page.keyboard.press('[');
  await until('a part', () => page.evaluate(() => location.hash.includes('from=')));
  await page.keyboard.press('Escape');
  await until('the whole', async () => (await page.evaluate(() => location.hash)) === whole);
  await page.keyboard.press('Escape');
  await page.locator('.notice.ink').waitFor({ state: 'detached' });
  await page.keyboard.press('o');
  await until('the own row', async () => (await page.locator('tr[data-row^="netns:"]').count()) === 1);
});

test('what cannot be read is said in a line, and what can be read of a damaged one is shown', async () => {
  const { page, faults } = await openIncidents();
  const said = () => page.locator('.notice').first().textContent();
  await dropFile(page, 'notes.txt', Buffer.from('no recording at all'));
  await until('the notice', async () =>
    (await said().catch(() => ''))?.includes('notes.txt: not a socklens recording'),
  );
  const newer = gzipSync('{"type":"socklens-recording","version":99,"startedAtMs":1,"intervalMs":1000}\n');
  await dropFile(page, 'newer.slr', newer);
  await until('the notice', async () => (await said())?.includes('use a newer socklens'));
  const lines = gunzipSync(fs.readFileSync(POOL)).toString().split('\n');
  const ticks = lines.flatMap((line, index) => (line.startsWith('{"type":"tick"') ? index : []));
  const half = `${lines.slice(0, (ticks[5] ?? 0) + 1).join('\n')}\n`;
  await dropFile(page, 'half.slr', gzipSync(half));
  await isRead(page);
  expect(await said()).toContain('The recording is incomplete');
  const file = path.join(data, 'half.slr');
  fs.writeFileSync(file, gzipSync(half));
  await expectRows(page, psRows(file));
  expect(faults).toEqual([]);
});

test('a file that was cut off anywhere is shown up to there', async () => {
  const bytes = fs.readFileSync(POOL);
  const file = path.join(data, 'cut.slr');
  fs.writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length * 0.7)));
  const { page, faults } = await dropped(file);
  expect(await page.locator('.notice').first().textContent()).toContain('The recording is incomplete');
  await expectRows(page, psRows(file));
  expect(faults).toEqual([]);
});

test('incidents by keyboard alone: open, save, name, compare as socklens compare does, delete', async () => {
  keepBoth();
  const { page, faults } = await openIncidents();
  await page.locator(`[data-incident="${LATE}"]`).waitFor();
  const rows = () => page.locator('[data-incident]').count();
  const press = async (name: RegExp, key = 'Enter') => {
    await page.getByRole('button', { name }).focus();
    await page.keyboard.press(key);
  };
  // The newest is first: j goes to it.
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await isRead(page);
  await expectRows(page, psRows(POOL));
  await page.keyboard.press('Escape');
  await page.locator(`[data-incident="${LATE}"]`).waitFor();

  await press(/^Name critical/);
  await page.locator('input:focus').waitFor();
  await page.keyboard.type('A pool too large');
  await page.keyboard.press('Enter');
  await page.locator(`[data-incident="${LATE}"] .name`, { hasText: 'A pool too large' }).waitFor();
  const stored = JSON.parse(fs.readFileSync(path.join(data, 'incidents', `${LATE}.json`), 'utf8')) as { name: string };
  expect(stored.name).toBe('A pool too large');

  for (const box of await page.getByRole('checkbox').all()) {
    await box.focus();
    await page.keyboard.press(' ');
  }
  await press(/^Compare 2/);
  await page.locator('[data-measure]').first().waitFor({ timeout: HANGS_MS });
  const { stdout } = socklens(['compare', QUIET, POOL, '--json']);
  const { measures, worse } = JSON.parse(stdout) as {
    measures: { name: string; change: string; after?: number }[];
    worse: boolean;
  };
  const changed = measures.filter(({ change }) => change !== 'same');
  const shownMeasures = page.locator('[data-measure]');
  expect(await shownMeasures.count()).toBe(changed.length);
  for (const [index, { name, change }] of changed.entries()) {
    expect(await shownMeasures.nth(index).getAttribute('data-measure')).toBe(name);
    expect(await shownMeasures.nth(index).locator('td').first().textContent()).toBe(change);
  }
  expect(await page.locator('.comparison h2').textContent()).toMatch(worse ? /^Worse: / : /^Nothing/);
  await page.getByRole('button', { name: 'Close' }).focus();
  await page.keyboard.press('Enter');

  const before = await rows();
  await press(/^Save the last/);
  await until('the new incident', async () => (await rows()) === before + 1);
  expect(await page.locator('[data-incident]', { hasText: /recording until|by hand/ }).count()).toBeGreaterThan(0);

  await press(/^Delete A pool/);
  await page.getByRole('button', { name: /^Delete A pool .* for good/ }).focus();
  await page.keyboard.press('Enter');
  await page.locator(`[data-incident="${LATE}"]`).waitFor({ state: 'detached' });
  expect(fs.existsSync(path.join(data, 'incidents', `${LATE}.slr`))).toBe(false);
  expect(faults).toEqual([]);
});

test('a downloaded incident is its recording', async () => {
  keepBoth();
  const { page } = await openIncidents();
  const button = page.locator(`[data-incident="${EARLY}"]`).getByRole('button', { name: /^Download/ });
  await button.waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
  expect(download.suggestedFilename()).toBe(`socklens-${EARLY}.slr`);
  const file = path.join(data, 'downloaded.slr');
  await download.saveAs(file);
  expect(fs.readFileSync(file).equals(fs.readFileSync(QUIET))).toBe(true);
});

test('about: version, cost and history are those of the process and its files', async () => {
  const { page, faults } = await openTab(serve.link);
  await page.locator('footer a', { hasText: 'About' }).click();
  await page.locator('.about').waitFor();
  const { stdout } = socklens(['--version']);
  expect(await page.locator('main h1').textContent()).toBe('About');
  expect(await page.locator('main .verdict').textContent()).toContain(stdout.trim().replace(/^socklens /, ''));
  expect(await page.locator('main .verdict').textContent()).toContain(os.release());
  const memory = await page
    .locator('.about div', { hasText: /^Memory/ })
    .last()
    .textContent();
  const [, text = '', unit = ''] = /([\d.,]+) (\w+)$/.exec(memory ?? '') ?? [];
  const shownMib = unit === 'GiB' ? Number(text) * 1024 : Number(text);
  const kib = Number(/^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${serve.pid}/status`, 'utf8'))?.[1]);
  // It grows and shrinks while this is read.
  expect(shownMib).toBeGreaterThan(kib / 1024 / 3);
  expect(shownMib).toBeLessThan((kib / 1024) * 3);
  expect(await page.locator('.about').textContent()).toContain('30 d');
  expect(faults).toEqual([]);
});

const LOOKS = {
  incidents: () => undefined,
  comparison: async (page: Page) => {
    await page.evaluate(
      ([early, late]) => {
        location.hash = `#/incidents?compare=${early},${late}`;
      },
      [EARLY, LATE],
    );
    await page.locator('[data-measure]').first().waitFor({ timeout: HANGS_MS });
  },
  recording: async (page: Page) => {
    await dropFile(page, 'pool.slr', fs.readFileSync(POOL));
    await isRead(page);
  },
  about: async (page: Page) => {
    await page.locator('footer a', { hasText: 'About' }).click();
    await page.locator('.about').waitFor();
  },
} as const;

for (const [which, act] of Object.entries(LOOKS)) {
  test.each([
    ['light', {}],
    ['dark', { dark: true }],
    ['on a telephone', { width: 390, height: 844 }],
  ])(`${which}: axe finds nothing, nothing breaks the policy or is too wide: %s`, async (_, options: TabOptions) => {
    keepBoth();
    const { page, faults } = await openIncidents(options);
    await page.locator(`[data-incident="${LATE}"]`).waitFor();
    await act(page);
    expect(await axeViolations(page)).toEqual([]);
    if (options.width !== undefined)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(options.width);
    expect(faults).toEqual([]);
  });
}
