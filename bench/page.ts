import zlib from 'node:zlib';
import type { CDPSession } from 'playwright-core';
import { pageFiles } from '../src/packaged/page-files.ts';
import { whyNoBrowser } from '../test/support/browser.ts';
import { closeBrowser, openTab } from '../test/support/page/browser.ts';
import { startServe } from '../test/support/page/serve.ts';
import { alternate } from './alternate.ts';
import type { Result } from './comparison.ts';
import { makeCrowds } from './crowds.ts';
import { withProgram } from './receiver.ts';

const ROWS = 100;
const BUSY = 10;
const CHANGES_PER_SECOND = 200;
const CONNECTIONS = 25;
const TICKS = 20;
const ROUNDS = 7;
/** As many containers as the largest host that socklens is measured for. */
const MANY_ROWS = 1000;
const MANY_CONNECTIONS = 10;
const LONGEST_MS = 120_000;
/** Two rows in three frames: as fast as anybody reads. */
const SCROLL_PIXELS = 20;
/** Of 60 frames a second, milliseconds; the clock of the screen is not quite that. */
const FRAME_MS = 1000 / 60;
const FRAME_BAR = FRAME_MS * 1.02;
/** Kilobytes, as the issue has them. */
const LOAD_BAR = 80;
const SCRIPT_BAR = 5;
const LAYOUT_BAR = 25;
const FIRST_BAR = 4;

/** What a browser loads before the first number is on screen: document, style sheet, entry script and icon, gzipped. */
export async function firstLoadOfPage(): Promise<Result> {
  const files = pageFiles();
  const document = Buffer.from(files.get('')?.bytes ?? []).toString();
  const first = ['', ...[...document.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name = '']) => name)];
  const bytes = first.map((name) => zlib.gzipSync(files.get(name)?.bytes ?? '', { level: 9 }).length);
  return {
    title: 'First load of the page, gzipped',
    value: bytes.reduce((sum, size) => sum + size, 0) / 1000,
    unit: 'kB',
    bar: LOAD_BAR,
  };
}

/** A tick on the overview with a hundred rows, ten of them busy; and how soon its first number is there. */
export async function tickOfPage(): Promise<Result | Result[]> {
  const title = `A tick of the page with ${ROWS} rows`;
  const why = whyNoBrowser();
  if (why !== undefined) return { title, why };
  return withProgram('crowd', title, async (program) => {
    const crowds = await makeCrowds(program, ROWS, BUSY, CHANGES_PER_SECOND, CONNECTIONS);
    const serve = await startServe(crowds.names.map((name) => `netns:${name}`));
    try {
      const { page } = await openTab(serve.link);
      // Calm rows are folded.
      await page.locator('.groupline button').click();
      await page.locator('tr[data-row]').first().waitFor();
      const devtools = await page.context().newCDPSession(page);
      // CPU time: on a busy machine elapsed time has that of others.
      await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
      const before = await workOf(devtools);
      await ticks(devtools, TICKS);
      const after = await workOf(devtools);
      const each = (work: keyof Work) => ((after[work] - before[work]) * 1000) / TICKS;
      const rows = await page.locator('tr[data-row]').count();
      const remarks = [`rows in the document: ${rows}, of ${ROWS}`];
      return [
        { title: `${title}: script, CPU time`, value: each('script'), unit: 'ms', bar: SCRIPT_BAR, remarks },
        { title: `${title}: layout and style, CPU time`, value: each('layout'), unit: 'ms', bar: LAYOUT_BAR },
        await firstNumbers(serve.link),
      ];
    } finally {
      await closeBrowser();
      await serve.stop();
      crowds.remove();
    }
  });
}

/** Scrolls the overview of a thousand rows from its first to its last, a frame at a time, while it takes its ticks. */
export async function scrollOfPage(): Promise<Result | Result[]> {
  const title = `Scrolling the overview of ${MANY_ROWS} rows`;
  const why = whyNoBrowser();
  if (why !== undefined) return { title, why };
  return withProgram('crowd', title, async (program) => {
    const crowds = await makeCrowds(program, MANY_ROWS, 0, 0, MANY_CONNECTIONS);
    const serve = await startServe(crowds.names.map((name) => `netns:${name}`));
    try {
      const { page } = await openTab(serve.link);
      // Calm rows are one line; each must have its numbers.
      await page.locator('.groupline button').click({ timeout: LONGEST_MS });
      await page.locator('tr[data-row]').first().waitFor();
      await page.getByText(`${MANY_ROWS.toLocaleString('en-US')} network namespaces`).waitFor({ timeout: LONGEST_MS });
      const devtools = await page.context().newCDPSession(page);
      await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
      const before = await workOf(devtools);
      const frames = await page.evaluate<number[]>(SCROLL_THROUGH);
      const after = await workOf(devtools);
      const inDocument = await page.locator('tr[data-row]').count();
      const sum = frames.reduce((all, ms) => all + ms, 0) / 1000;
      const late = frames.filter((ms) => ms > FRAME_MS * 1.5).length;
      const sorted = [...frames].sort((a, b) => a - b);
      const remarks = [
        `rows in the document: ${inDocument}, of ${MANY_ROWS}`,
        `${frames.length} frames in ${sum.toFixed(1)} s, ${late} of them late: other programs on these cores delay them too`,
      ];
      return [
        {
          title: `${title}: work of the page for a frame, CPU time`,
          value: ((after.all - before.all) * 1000) / frames.length,
          unit: 'ms',
          bar: FRAME_MS,
          remarks,
        },
        {
          title: `${title}: from one frame to the next, the middle one`,
          value: sorted[frames.length >> 1] ?? Number.NaN,
          unit: 'ms',
          bar: FRAME_BAR,
        },
      ];
    } finally {
      await closeBrowser();
      await serve.stop();
      crowds.remove();
    }
  });
}

/** Runs in the page; as text, because it knows the DOM. Its result: milliseconds between the frames. */
const SCROLL_THROUGH = `new Promise((resolve) => {
  const frames = [];
  let latest;
  const next = (now) => {
    if (latest !== undefined) frames.push(now - latest);
    latest = now;
    if (scrollY + innerHeight >= document.documentElement.scrollHeight - 1) resolve(frames);
    else {
      scrollBy(0, ${SCROLL_PIXELS});
      requestAnimationFrame(next);
    }
  };
  requestAnimationFrame(next);
})`;

/** Seconds that the browser worked. */
interface Work {
  /** All of the page's main thread. */
  all: number;
  script: number;
  layout: number;
}

async function workOf(devtools: CDPSession): Promise<Work> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  const value = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return {
    all: value('TaskDuration'),
    script: value('ScriptDuration'),
    layout: value('LayoutDuration') + value('RecalcStyleDuration'),
  };
}

/** Waits for so many changes of the ruler's clock, which every tick makes, without work in the page itself. */
async function ticks(devtools: CDPSession, count: number): Promise<void> {
  await devtools.send('DOM.enable');
  await devtools.send('DOM.getDocument', { depth: -1 });
  let seen = 0;
  let latest = 0;
  await new Promise<void>((resolve) => {
    devtools.on('DOM.attributeModified', ({ name }) => {
      // Changes of one tick come together.
      if (name !== 'aria-valuemax' || performance.now() - latest < 100) return;
      latest = performance.now();
      if (++seen === count) resolve();
    });
  });
}

/** The first number on screen against an empty page of the same server. */
async function firstNumbers(link: string): Promise<Result> {
  const { origin } = new URL(link);
  const timed = async (address: string, selector: string) => {
    const begin = performance.now();
    const { page } = await openTab(address);
    await page.locator(selector).first().waitFor();
    const took = performance.now() - begin;
    await page.context().close();
    return took;
  };
  const pair = await alternate(
    () => timed(link, '.verdict .facts b'),
    () => timed(`${origin}/healthz`, 'body'),
    ROUNDS,
  );
  return {
    title: 'First numbers on screen',
    ours: `the overview, ${ROWS} rows`,
    theirs: 'a page of one word from the same server',
    pair,
    bar: FIRST_BAR,
  };
}
