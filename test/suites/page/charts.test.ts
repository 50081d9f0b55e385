/** The charts of how connections begin and end, against what the test made and `ss`. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { OverviewAnswer } from '../../../src/serve/protocol.ts';
import { createNetns, nodeProgram, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { closeBrowser, openTab } from '../../support/page/browser.ts';
import { CONNECT_AND_CLOSE } from '../../support/page/connect-and-close.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

let netns: TestNetns;
let serve: ServeRun;

beforeAll(async () => {
  netns = createNetns();
  serve = await startServe([`netns:${netns.name}`]);
});
afterEach(closeBrowser);
afterAll(async () => {
  await serve?.stop();
  removeAllNetns();
});

/** The legend of a chart: numbers by name. */
function legendOf(page: Page, title: string): Promise<Record<string, string>> {
  return page.evaluate((wanted) => {
    const strips = [...document.querySelectorAll('section.strip')];
    const strip = strips.find((one) => one.getAttribute('aria-label') === wanted);
    const rows = [...(strip?.querySelectorAll('.legend li') ?? [])];
    return Object.fromEntries(
      rows.map((row) => [row.querySelector('span')?.textContent ?? '', row.querySelector('b')?.textContent ?? '']),
    );
  }, title);
}

/** The numbers of the table beneath a chart. */
async function tableOf(page: Page, title: string): Promise<string> {
  return (await page.locator(`section.strip[aria-label="${title}"] .strip-table tbody`).textContent()) ?? '';
}

/** What `ss` has in TIME_WAIT towards a port. */
function timeWaitOfSs(port: number): number {
  return netns.run('ss', '-tanH', 'state', 'time-wait', 'dport', '=', `:${port}`).split('\n').filter(Boolean).length;
}

test('ends by outcome, failures by error, handshakes, and TIME_WAIT by peer as ss has it', async () => {
  const { page, faults } = await openTab(serve.link);
  await page.locator('tr[data-row]').first().waitFor();
  await page.evaluate(
    (hash) => {
      location.hash = hash;
    },
    `#/c/${encodeURIComponent(`netns:${netns.name}`)}?last=5m`,
  );
  await page.locator('.strip canvas').first().waitFor();
  netns.run(nodeProgram(), '-e', CONNECT_AND_CLOSE, '12', '8');
  await until('the outcomes', async () => 'refused' in (await legendOf(page, 'How connections end')));
  expect(Object.keys(await legendOf(page, 'How connections end'))).toContain('closed');
  // Both ends are here: the sockets that closed first are in TIME_WAIT towards the server, for a minute.
  await until('TIME_WAIT by peer', async () => {
    const { 'to localhost:7001': shown } = await legendOf(page, 'TIME_WAIT');
    const truth = timeWaitOfSs(7001);
    return truth > 0 && shown === String(truth);
  });
  await page.keyboard.press('t');
  await until('the refusals', async () => /[1-9]/.test(await tableOf(page, 'Failed connections')));
  const { eventSource } = ((await serve.ask('overview')) as OverviewAnswer).serve;
  // The multicast of sock_diag knows neither errors nor handshakes.
  if (eventSource === 'tracepoint') {
    expect(Object.keys(await legendOf(page, 'Failed connections'))).toEqual(['ECONNREFUSED']);
    expect(Object.keys(await legendOf(page, 'Handshakes'))).toEqual(['Longest', '95 % within', 'Median']);
    // On loopback: below a second, and never nothing.
    expect(await tableOf(page, 'Handshakes')).toMatch(/[\d.]+ (µs|ms)/);
  }
  expect(faults).toEqual([]);
});
