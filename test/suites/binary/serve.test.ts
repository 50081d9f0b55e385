/** `serve` in the one file: the page that is inside it, the history in Bun's SQLite, incidents and what reads them. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HistoryAnswer } from '../../../src/serve/protocol/history.ts';
import { LAUNCHER } from '../../support/cli.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

const OPEN = 23;
const PAGE = path.resolve(import.meta.dirname, '../../../dist/page');

const data = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-one-file-'));
let netns: TestNetns;
let serve: ServeRun;

/** For the namespace alone, with the folder of this test. */
const start = async () => {
  serve = await startServe([`netns:${netns.name}`], { data });
  await until('the first sample', async () => (await fetch(`${serve.origin}/readyz`)).ok);
};

beforeAll(async () => {
  netns = createNetns();
  await (await populate(netns)).order({ port: 8080, open: OPEN, closing: 0 });
  await start();
});
afterAll(async () => {
  await serve?.stop();
  removeAllNetns();
  fs.rmSync(data, { recursive: true, force: true });
});

/** Runs the one file, away from the checkout. */
const socklens = (...args: string[]) => spawnSync(LAUNCHER, args, { cwd: '/', encoding: 'utf8' });

/** Connections that the history has, over all that it has. */
async function remembered(): Promise<readonly (number | null)[]> {
  const { containers } = (await serve.ask('history?series=state.ESTABLISHED&points=20')) as HistoryAnswer;
  return containers[0]?.columns[0]?.mean ?? [];
}

test('every file of the page is in it, byte for byte', async () => {
  const names = fs.readdirSync(PAGE);
  expect(names).toContain('index.html');
  for (const name of names) {
    const answer = await fetch(`${serve.origin}/${name === 'index.html' ? '' : name}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect([name, answer.status, bytes.equals(fs.readFileSync(path.join(PAGE, name)))]).toEqual([name, 200, true]);
  }
});

test('the history keeps what ss counts, also over a restart', async () => {
  const lines = netns.run('ss', '-Htan', 'state', 'established').trim().split('\n');
  expect(lines).toHaveLength(2 * OPEN);
  await until('the number in the history', async () => (await remembered()).includes(lines.length));
  await serve.stop();
  await start();
  await until('the number from before', async () => (await remembered()).includes(lines.length));
});

test('an incident: saved, listed, exported, and read by ls and doctor', async () => {
  const saved = socklens('incident', 'save', 'in one file', '--data', data);
  expect([saved.status, saved.stderr]).toEqual([0, expect.stringContaining('recording until')]);
  const id = saved.stdout.trim();
  // What is being recorded when serve ends is made of what there is.
  await serve.stop();
  const listed = socklens('incident', 'list', '--json', '--data', data);
  const { incidents } = JSON.parse(listed.stdout) as { incidents: object[] };
  expect(incidents).toMatchObject([{ id, name: 'in one file', state: 'saved' }]);
  const copy = path.join(data, 'copy.slr');
  expect(socklens('incident', 'export', id, '-o', copy, '--data', data).status).toBe(0);
  const grouped = JSON.parse(socklens('ls', '--from', copy, '--by', 'state', '--json').stdout) as {
    groups: { key: { state: string }; count: number }[];
  };
  expect(grouped.groups.find(({ key }) => key.state === 'ESTABLISHED')?.count).toBe(2 * OPEN);
  const { status, stdout, stderr } = socklens('doctor', '--from', copy, '--json');
  expect([status, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toMatchObject({ healthy: true });
});
