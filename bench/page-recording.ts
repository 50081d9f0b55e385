import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { pageFiles } from '../src/packaged/page-files.ts';
import { whyNoBrowser } from '../test/support/browser.ts';
import { closeBrowser, openTab } from '../test/support/page/browser.ts';
import { startServe } from '../test/support/page/serve.ts';
import type { Result } from './comparison.ts';

const SIZE_BAR = 60;
const FIRST_CHART_BAR = 2;
const RECORDING_BYTES = 20e6;
/** Ten seconds of a pool that is too large: 40 connections that come and go, 2,000 in TIME_WAIT. */
const TEN_SECONDS = 'test/doctor/incidents/recordings/postgres-pool-times-workers.slr';
const NO_NAMESPACES = '{"type":"spaces","spaces":[],"containers":[]}';

/** What a browser loads to show a recording, gzipped: what reads it and the filter language; with the rules. */
export async function sizeOfRecordingReader(): Promise<Result[]> {
  const files = new Map([...pageFiles()].map(([name, { bytes }]) => [name, Buffer.from(bytes)]));
  const sizeOf = (...entries: string[]) => {
    const known = loadedBy(files, 'page-');
    const wanted = new Set(entries.flatMap((entry) => [...loadedBy(files, entry)]));
    const names = [...wanted].filter((name) => !known.has(name));
    return names.reduce((sum, name) => sum + zlib.gzipSync(files.get(name) ?? '', { level: 9 }).length, 0) / 1000;
  };
  const title = 'What the page loads to show a recording, gzipped';
  return [
    { title: `${title}: reader and filter`, value: sizeOf('open-recording-'), unit: 'kB', bar: SIZE_BAR },
    {
      title: `${title}: with the rules, which come after the first chart`,
      value: sizeOf('open-recording-', 'judge-recording-'),
      unit: 'kB',
      bar: SIZE_BAR,
    },
  ];
}

/** The scripts that one script imports, and itself. @param prefix of its name, before the hash */
function loadedBy(files: ReadonlyMap<string, Buffer>, prefix: string): Set<string> {
  const first = [...files.keys()].find((name) => name.startsWith(prefix) && name.endsWith('.js'));
  const found = new Set<string>();
  const waiting = first === undefined ? [] : [first];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    for (const [, other = ''] of (files.get(name)?.toString() ?? '').matchAll(/from"\.\/([^"]+)"/g))
      waiting.push(other);
  }
  return found;
}

/** From the choice of a recording of 20 MB to its first chart, and until all of it is read. */
export async function recordingInPage(): Promise<Result | Result[]> {
  const title = 'A recording of 20 MB, opened in the page';
  const why = whyNoBrowser();
  if (why !== undefined) return { title, why };
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bench-'));
  const serve = await startServe(['host']);
  try {
    const file = path.join(folder, 'large.slr');
    const seconds = await makeLarge(file);
    const { page } = await openTab(serve.link);
    await page.locator('tr[data-row]').first().waitFor();
    await page.keyboard.press('i');
    await page.locator('.drop').waitFor();
    const begin = performance.now();
    await page.locator('input[type=file]').setInputFiles(file);
    await page.locator('.notice.ink').waitFor();
    await page.locator('tr[data-row] .spark-line[d^="M"]').first().waitFor();
    const first = (performance.now() - begin) / 1000;
    const wait = { timeout: 300_000 };
    await page.getByText('The rules judge it').or(page.locator('[data-recording="ready"]')).first().waitFor(wait);
    const whole = (performance.now() - begin) / 1000;
    const remarks = [`${seconds} s of ${TEN_SECONDS}, again and again; all of it read after ${whole.toFixed(1)} s`];
    return { title: `${title}: first chart`, value: first, unit: 's', bar: FIRST_CHART_BAR, remarks };
  } finally {
    await closeBrowser();
    await serve.stop();
    fs.rmSync(folder, { recursive: true });
  }
}

/** Makes a long recording of a short one, as an incident is made of several. @returns its length, seconds */
async function makeLarge(file: string): Promise<number> {
  const packed = zlib.gunzipSync(fs.readFileSync(TEN_SECONDS), { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  const [header = '', ...lines] = packed
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{"type":"end"'));
  const times = lines.flatMap((line) => Number(/^\{"type":"tick","at":(\d+)/.exec(line)?.[1] ?? Number.NaN));
  const known = times.filter((ms) => !Number.isNaN(ms));
  const spanMs = Math.max(...known) - Math.min(...known) + 1000;
  const gzip = zlib.createGzip({ level: 6, memLevel: 9 });
  const output = fs.createWriteStream(file);
  const written = new Promise<void>((resolve) => output.once('close', () => resolve()));
  let bytes = 0;
  gzip.on('data', (piece: Buffer) => {
    bytes += piece.length;
  });
  gzip.pipe(output);
  let rounds = 0;
  for (; bytes < RECORDING_BYTES; rounds++) {
    const later = rounds * spanMs;
    const moved = lines.map((line) => line.replace(/"at":(\d{13})/g, (_, ms) => `"at":${Number(ms) + later}`));
    gzip.write(`${[rounds === 0 ? header : NO_NAMESPACES, ...moved].join('\n')}\n`);
    await new Promise<void>((resolve) => gzip.flush(zlib.constants.Z_SYNC_FLUSH, resolve));
  }
  gzip.end('{"type":"end"}\n');
  await written;
  return Math.round((rounds * spanMs) / 1000);
}
