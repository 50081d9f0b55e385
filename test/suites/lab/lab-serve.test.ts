/** `socklens lab --serve` as its users start it: what the page has at the end, against what the lab's programs logged. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabPhaseResult } from '../../../src/model/report/lab-phase.ts';
import type { HistoryAnswer } from '../../../src/serve/protocol/history.ts';
import type { ProblemsAnswer } from '../../../src/serve/protocol.ts';
import type { Incident } from '../../../src/sources/incidents/incident.ts';
import { LAUNCHER, socklens } from '../../support/cli.ts';
import { until } from '../../support/netns.ts';
import { closeBrowser, openTab } from '../../support/page/browser.ts';

/** Time limit of the whole lab, milliseconds; only to find what hangs. */
const HANG_MS = 300_000;
/** Until both problems are on the page: the load has been at its goal long before. */
const SHOWN_MS = 150_000;
/** Idle connections that a pool without a limit keeps, and the limit of open files, in the incident. */
const MAX_IDLE = 50;
const NOFILE = 1024;

const POOL = /^POOL_/;
const LIMIT = /^(NOFILE_NEAR_LIMIT|LIMIT_MISMATCH)$/;

describe('lab --serve', { timeout: HANG_MS }, () => {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-lab-test-'));
  const child = spawn(LAUNCHER, ['lab', '--serve', '--ndjson', '--data', data], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const lines = () =>
    out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { type: string; link?: string });
  let link: string;
  let incident: LabPhaseResult;
  /** Process id of serve. */
  let serving: number;
  /** Problems that the overview showed while the lab ran. */
  let shown: string[];

  const ask = async <T>(pathAndQuery: string): Promise<T> => {
    const { origin, hash } = new URL(link);
    const headers = { authorization: `Bearer ${hash.replace('#token=', '')}` };
    const answer = await fetch(`${origin}/api/v1/${pathAndQuery}`, { headers });
    if (!answer.ok) throw new Error(`${pathAndQuery}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const waitFor = (type: string) =>
    until(
      `the line ${type}`,
      () => {
        if (child.exitCode !== null) throw new Error(`the lab ended: ${err}`);
        return lines().find((line) => line.type === type);
      },
      HANG_MS,
    );

  beforeAll(async () => {
    link = (await waitFor('serve')).link ?? '';
    serving = (JSON.parse(fs.readFileSync(path.join(data, 'serve.json'), 'utf8')) as { pid: number }).pid;
    const { page } = await openTab(link);
    const titles = async () => {
      // The first ones alone are shown at first.
      const more = page.locator('.more-cards');
      if ((await more.count()) > 0) await more.click({ timeout: 1000 }).catch(() => undefined);
      return (await page.locator('.pcard').allTextContents()).map((text) => text.toLowerCase());
    };
    const isBoth = (all: string[]) => ['pool', 'open files'].every((word) => all.some((text) => text.includes(word)));
    shown = await until(
      'both problems on the page',
      async () => {
        const all = await titles();
        return isBoth(all) ? all : undefined;
      },
      SHOWN_MS,
    );
    await waitFor('summary');
    incident = lines().find(({ type }) => type === 'phase') as unknown as LabPhaseResult;
  }, HANG_MS);
  afterAll(async () => {
    await closeBrowser();
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    fs.rmSync(data, { recursive: true, force: true });
  });

  it('the page showed both problems, and the API has them at the end', async () => {
    expect(shown.length).toBeGreaterThanOrEqual(2);
    const { problems } = await ask<ProblemsAnswer>('problems');
    for (const cause of [POOL, LIMIT]) {
      const found = problems.filter(({ rule }) => cause.test(rule));
      expect([cause, found.some(({ severity }) => severity === 'critical')]).toEqual([cause, true]);
    }
  });

  it('its history has the rise of the pool and its fall to the floor that the lab saw, and the descriptors', async () => {
    const begin = Date.parse(incident.startedAt);
    const floor = incident.moments.at(-1)?.toDatabase ?? 0;
    expect(floor).toBeLessThanOrEqual(MAX_IDLE);
    const flat = incident.moments.findLastIndex(({ toDatabase }) => toDatabase !== floor) + 1;
    const [calm, end] = [incident.moments[flat], incident.moments.at(-1)].map((moment) => begin + (moment?.ms ?? 0));
    const query = `series=peer.out*,descriptors,descriptorLimit&from=${begin - 5000}&to=${end}&points=600`;
    const history = await ask<HistoryAnswer>(`history?${query}`);
    const series = (container: HistoryAnswer['containers'][number], name: RegExp) =>
      container.columns.find((column) => name.test(column.name));
    const most = (values: readonly (number | null)[] = []) => Math.max(...values.map((value) => value ?? 0));
    const limited = history.containers.filter((one) => series(one, /^descriptorLimit$/)?.mean.includes(NOFILE));
    const used = (one: HistoryAnswer['containers'][number]) => most(series(one, /^descriptors$/)?.mean);
    const [busiest] = [...limited].sort((a, b) => used(b) - used(a));
    if (busiest === undefined) throw new Error('the history has no receiver');
    // How near they came to the limit is in the problem that was found critical. The lab and serve look at different
    // moments: what is accepted and what is closed between them is one more or less.
    const lately = incident.moments.slice(-3).map(({ descriptors }) => descriptors);
    expect(used(busiest)).toBeGreaterThanOrEqual(Math.min(NOFILE, ...lately));
    expect(used(busiest)).toBeLessThanOrEqual(NOFILE);
    const poolOf = (one: HistoryAnswer['containers'][number]) => series(one, /^peer\.out .*:3306$/);
    const values = poolOf(busiest)?.mean ?? [];
    // Above the floor it is for parts of a second, of which a sample may show none: the greatest values do, of that
    // receiver which was the busiest at the moment.
    const highest = limited.map((one) => most(poolOf(one)?.max ?? poolOf(one)?.mean));
    expect(Math.max(...highest)).toBeGreaterThan(floor);
    expect(Math.max(...highest)).toBeGreaterThanOrEqual(
      Math.max(...incident.moments.map(({ toDatabase }) => toDatabase)),
    );
    expect(values.find((value) => value !== null)).toBeLessThan(Math.max(...highest));
    const calmly = values.filter((_, index) => {
      const atMs = history.firstMs + index * history.stepMs;
      return atMs >= (calm ?? 0) && atMs <= (end ?? 0);
    });
    // On a machine with no time left nothing is measured for a while.
    const known = calmly.filter((value) => value !== null);
    if (known.length > 0) expect(known).toContain(floor);
  });

  it('an incident began before the first error 1040, and the doctor names both causes from it', async () => {
    const { incidents } = await ask<{ incidents: Incident[] }>('incidents');
    const kept = incidents.at(-1);
    expect(kept?.cause).toMatch(/^critical: /);
    // The lab stops serve in order, so that the incident is made of what there is.
    child.kill('SIGTERM');
    await once(child, 'exit');
    const file = path.join(data, 'incidents', `${kept?.id}.slr`);
    const { lines: recorded } = JSON.parse(socklens(['watch', '--from', file, '--speed', 'max', '--json']).stdout) as {
      lines: { type: string; at: string }[];
    };
    const first = Date.parse(recorded.find(({ type }) => type === 'sample')?.at ?? '');
    const refusedMs = (incident.firsts.tooManyConnections ?? Number.NaN) - 1000;
    expect(first).toBeLessThan(Date.parse(incident.startedAt) + refusedMs);
    const end = new Date(Date.parse(incident.startedAt) + (incident.moments.at(-1)?.ms ?? 0)).toISOString();
    const doctor = ['doctor', '--from', file, '--at', end, '--pool', `10.133.8.2:3306=${MAX_IDLE}`, '--json'];
    const { problems } = JSON.parse(socklens(doctor).stdout) as ProblemsAnswer;
    for (const cause of [POOL, LIMIT])
      expect(problems.map(({ rule }) => rule).some((rule) => cause.test(rule))).toBe(true);
  });

  it('Ctrl-C ended all of it', () => {
    expect([child.signalCode, err]).toEqual([null, '']);
    expect(fs.existsSync(`/proc/${serving}`)).toBe(false);
  });
});
