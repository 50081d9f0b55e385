/** The views of a recording that the page opened, against what the test made, `ss`, and the commands with `--from`. */
import fs from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Diagnosis } from '../../../src/model/finding/diagnosis.ts';
import { removeAllNetns, until } from '../../support/netns.ts';
import { closeBrowser, openTab } from '../../support/page/browser.ts';
import { dropFile, isRead, keepIncident } from '../../support/page/recordings.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';
import { ssCounts, type Talker, talkersNetwork } from '../../support/page/talkers.ts';
import { commandJson, commandOutput, RecordingRun, temporaryFolder } from '../../support/recording-run.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const POOL = path.resolve(import.meta.dirname, '../../doctor/incidents/recordings/postgres-pool-times-workers.slr');
const BEFORE = '20261128-100000';
const AFTER = '20261129-100000';
/** Connections of the worker to the database: before, after, how many of those the database closes, and for a moment. */
const FEW = 30;
const MANY = 71;
const SHUT = 12;
const MOMENT = 160;
/** Attempts that are refused. */
const TRIES = 9;

let folder: string;
let worker: Talker;
let db: Talker;
let cache: Talker;
let serve: ServeRun;
let before: string;
let after: string;
/** What `ss` said at the end of each recording of the worker's connections to the database. */
let ofSs: { before: Record<string, number>; after: Record<string, number> };

beforeAll(async () => {
  folder = temporaryFolder();
  [before, after] = [path.join(folder, 'before.slr'), path.join(folder, 'after.slr')];
  const network = talkersNetwork();
  worker = await network.add(2);
  db = await network.add(3);
  cache = await network.add(4);
  const targets = [worker, db, cache].map(({ name }) => name).join(',');
  await db.order({ listen: 3306 });
  await cache.order({ listen: 6379 });
  await worker.order({ to: db.address, port: 3306, open: FEW });
  const early = await RecordingRun.start(targets, before, '--full');
  await early.next();
  const few = ssCounts(worker, db.address, 3306);
  await early.stop();

  // It stands from the beginning: what is on its way at one moment is no trouble.
  await worker.order({ to: db.address, port: 3306, open: MANY });
  await worker.order({ to: cache.address, port: 6379, open: 5 });
  await db.order({ shut: SHUT });
  await until('CLOSE_WAIT', () => ssCounts(worker, db.address, 3306)['CLOSE-WAIT'] === SHUT);
  const late = await RecordingRun.start(targets, after, '--full');
  await late.next();
  await cache.order({ try: TRIES, to: db.address, port: 9 });
  // Of ten seconds so many events are kept that all attempts are, without those that follow.
  await late.samples(14);
  // Between two samples, or nearly so: what one of them sees of it does not matter.
  await worker.order({ to: db.address, port: 3306, open: MOMENT });
  await worker.order({ to: db.address, port: 3306, open: MANY });
  // Edges are found every ten seconds of the recording.
  await late.samples(28);
  ofSs = { before: few, after: ssCounts(worker, db.address, 3306) };
  await late.stop();
  const data = path.join(folder, 'data');
  keepIncident(data, BEFORE, before, '', 'by hand');
  keepIncident(data, AFTER, after, '', 'critical: a test');
  serve = await startServe([cache.name], { data });
});
afterEach(closeBrowser);
afterAll(async () => {
  await serve?.stop();
  removeAllNetns();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Opens the page and drops a recording on it. */
async function dropped(file: string) {
  const tab = await openTab(serve.link);
  await tab.page.locator('tr[data-row]').first().waitFor();
  await dropFile(tab.page, path.basename(file), fs.readFileSync(file));
  await isRead(tab.page);
  return tab;
}

const textOf = async (locator: Locator) => ((await locator.textContent()) ?? '').replace(/\s+/g, ' ').trim();

/** The number of an edge on the map, with its word. */
async function edgeOf(page: Page, client: Talker, server: Talker, port: number): Promise<string> {
  const id = `row ${client.name} row ${server.name}:${port}`;
  return (await page.locator(`[data-number="${id}"]`).textContent()) ?? '';
}

interface Ls {
  sockets: { state: string; peer: { address: string; port: number } }[];
}

test('the map of a recording: who talked to whom is what ss had, and ls --from has', async () => {
  const { page, faults } = await dropped(after);
  await page.keyboard.press('m');
  await page.locator('[data-edge]').first().waitFor({ state: 'attached' });
  const { ESTAB: open = 0, 'CLOSE-WAIT': closeWait = 0 } = ofSs.after;
  expect([open, closeWait]).toEqual([MANY - SHUT, SHUT]);
  const { sockets } = commandJson<Ls>('ls', worker.name, '--from', after);
  const toDatabase = sockets.filter(({ peer }) => peer.address === db.address && peer.port === 3306);
  expect(toDatabase).toHaveLength(MANY);
  expect(toDatabase.filter(({ state }) => state === 'CLOSE_WAIT')).toHaveLength(SHUT);
  await until('the edge', async () => (await edgeOf(page, worker, db, 3306)) === `${MANY}${SHUT} CLOSE_WAIT`);
  expect(await edgeOf(page, worker, cache, 6379)).toBe('5');
  // A click has its callers and callees.
  await page.locator(`[data-node="row ${db.name}"]`).click();
  await page.locator('.focus [data-side="client"] li').first().waitFor();
  expect(await textOf(page.locator('.focus [data-side="client"] li', { hasText: worker.name }))).toContain(`${MANY}`);
  expect(faults).toEqual([]);
});

test('the events of a recording are those of events --from: each attempt that the test made was refused', async () => {
  const { page, faults } = await dropped(after);
  await page.keyboard.press('e');
  const { lines } = commandJson<{ lines: { type: string; event: string; outcome: string; peer: { port: number } }[] }>(
    ...['events', '--from', after, '--speed', 'max', '--failed'],
  );
  const refused = lines.filter(
    ({ type, outcome, peer }) => type === 'connection' && outcome === 'refused' && peer.port === 9,
  );
  expect(refused).toHaveLength(TRIES);
  const count = page.locator('[data-count="failed"]');
  await until('their number', async () => (await count.textContent()) === String(TRIES));
  // The filter is decided in the browser too.
  await page.keyboard.press('/');
  await page.keyboard.type('dport 9');
  const rows = page.locator('tr[data-event="failed"]');
  await until('their lines', async () => (await rows.count()) === TRIES);
  const cells = await rows.first().locator('td').allTextContents();
  expect(cells[1]).toBe('failed: refused (ECONNREFUSED)');
  expect(cells[2]).toBe(cache.name);
  expect(cells[4]).toContain(`${db.address}:9`);
  await until('the number of those that match', async () => (await count.textContent()) === String(TRIES));
  await page.locator('.field input').fill('dport 6379');
  await until('none of them', async () => (await rows.count()) === 0);
  expect(faults).toEqual([]);
});

test('how high a pool was between two samples is in the chart of a recording', async () => {
  const { page, faults } = await dropped(after);
  await page.locator(`tr[data-row="${worker.name}"] a.name`).click();
  const pool = page.locator('.strip', { hasText: `${db.address}:3306` }).first();
  await pool.locator('canvas').first().waitFor();
  // The words in the chart name its highest value; what the server has closed is of no use to a pool.
  await until('the peak', async () => (await textOf(pool)).includes(`${MOMENT - SHUT} at `));
  expect(faults).toEqual([]);
});

test('the detail of a problem of a recording is what doctor --from says', async () => {
  // Its status is 1: there are problems.
  const [said] = (JSON.parse(commandOutput('doctor', '--from', POOL, '--json').stdout) as Diagnosis).problems;
  if (said === undefined) throw new Error('no problem');
  const { page, faults } = await dropped(POOL);
  await page.keyboard.press('p');
  await page.locator('.track').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.locator('.detail h2').waitFor();
  expect(await textOf(page.locator('.detail h2'))).toBe(`${said.title}: ${said.about?.replace(/^peer /, '')}`);
  const head = await textOf(page.locator('.detail .facts').first());
  for (const word of ['Critical', `confidence: ${said.confidence}`, said.rule]) expect(head).toContain(word);
  const numbers = page.locator('.three > div');
  expect(await numbers.count()).toBe(said.numbers.length);
  for (const [index, { what }] of said.numbers.entries()) expect(await textOf(numbers.nth(index))).toContain(what);
  const section = (name: string) => page.locator(`section[aria-label="${name}"]`);
  expect(await section('Fix').locator('pre').textContent()).toBe(said.fix?.snippet);
  expect(await section('Verify').locator('pre').textContent()).toBe(said.verify);
  for (const { title } of said.symptoms) expect(await textOf(section('Cause and symptoms'))).toContain(title);
  // The chart of its container has its time as a band.
  await page.locator('.strips .strip canvas').first().waitFor();
  expect(faults).toEqual([]);
});

test('two incidents compared: the connections that the test opened, and those that nobody closed', async () => {
  const { page, faults } = await openTab(serve.link);
  await page.locator('tr[data-row]').first().waitFor();
  await page.evaluate(
    ([one, other]) => {
      location.hash = `#/incidents?compare=${one},${other}`;
    },
    [BEFORE, AFTER],
  );
  const measure = (name: string) => page.locator(`[data-measure="${worker.name}: ${name}"]`);
  await measure('ESTABLISHED at last').waitFor({ timeout: 120_000 });
  const cells = async (name: string) =>
    (await measure(name).locator('td').allTextContents()).map((text) => text.trim());
  expect(ofSs.before).toEqual({ ESTAB: FEW });
  // Of the worker: those to the cache too.
  const established = await cells('ESTABLISHED at last');
  expect(established).toContain(String(FEW));
  expect(established).toContain(String(MANY - SHUT + 5));
  expect(await cells('CLOSE_WAIT at last')).toContain(String(SHUT));
  expect(faults).toEqual([]);
});
