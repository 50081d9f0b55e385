/** `ps` of some targets, filtered and sorted, live and from a recording, against `ss`. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { socklens } from '../support/cli.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { SHUT } from '../support/recipes/constants.ts';
import { Workshop } from '../support/recipes/workshop.ts';

/** Connections of each namespace, and how many of them are half closed. */
const PLAN = [
  { open: 2, halfClosed: 4 },
  { open: 7, halfClosed: 1 },
  { open: 1, halfClosed: 0 },
];
const spaces: { netns: TestNetns; workshop: Workshop }[] = [];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-ps-'));
const file = path.join(folder, 'still.slr');

beforeAll(async () => {
  for (const { open, halfClosed } of PLAN) {
    const netns = createNetns();
    const workshop = await Workshop.start(netns);
    spaces.push({ netns, workshop });
    const listener = await workshop.tcpListener('127.0.0.1');
    for (let made = 0; made < open; made++) await workshop.tcpPair(listener);
    for (let made = 0; made < halfClosed; made++) {
      const { client } = await workshop.tcpPair(listener);
      await workshop.shutdown(client, SHUT.WR);
    }
    await until('CLOSE_WAIT', () => counted(netns, 'state', 'close-wait') === halfClosed);
  }
  const { status, stderr } = socklens(['record', target(), '-o', file, '--for', '200ms', '--interval', '100ms']);
  if (status !== 0) throw new Error(stderr);
});
afterAll(async () => {
  for (const { netns, workshop } of spaces) {
    await workshop.stop();
    netns.remove();
  }
  fs.rmSync(folder, { recursive: true, force: true });
});

const names = () => spaces.map(({ netns }) => `netns:${netns.name}`);
const target = () => names().join(',');

/** TCP sockets as ss counts them. */
function counted(netns: TestNetns, ...filter: string[]): number {
  const lines = netns.run('ss', '-tanH', ...filter).split('\n');
  return lines.filter((line) => line !== '').length;
}

interface Row {
  name: string;
  sockets: { tcp: number; byState: Record<string, number> };
}

function rows(...args: string[]): Row[] {
  const { status, stdout, stderr } = socklens(['ps', ...args, '--json']);
  if (status !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { containers: Row[] }).containers;
}

const named = (found: readonly Row[]) => found.map(({ name }) => name);
const by = (order: readonly number[]) => order.map((index) => names()[index]);

describe.each([
  ['live', () => [target()]],
  ['from a recording', () => ['--from', file]],
])('ps %s', (_, where) => {
  it('has a row for each target, with the counts of ss', () => {
    const found = rows(...where());
    expect(named(found).sort()).toEqual(names().sort());
    for (const { netns } of spaces) {
      const row = found.find(({ name }) => name === `netns:${netns.name}`);
      expect(row?.sockets.tcp).toBe(counted(netns));
      expect(row?.sockets.byState.CLOSE_WAIT ?? 0).toBe(counted(netns, 'state', 'close-wait'));
    }
  });

  it('--filter counts what matches', () => {
    const found = rows(...where(), '--filter', 'state close-wait or state fin-wait-2');
    for (const { netns } of spaces) {
      const expected = counted(netns, 'state', 'close-wait') + counted(netns, 'state', 'fin-wait-2');
      expect(found.find(({ name }) => name === `netns:${netns.name}`)?.sockets.tcp).toBe(expected);
    }
  });

  it('--sort: counts from the largest, names from A; a column title is a key', () => {
    expect(named(rows(...where(), '--sort', 'close-wait'))).toEqual(by([0, 1, 2]));
    expect(named(rows(...where(), '--sort', 'Estab'))).toEqual(by([1, 0, 2]));
    expect(named(rows(...where(), '--sort', 'name'))).toEqual(names().sort());
    const text = socklens(['ps', ...where(), '--sort', 'established'])
      .stdout.trimEnd()
      .split('\n');
    expect(text.slice(1).map((line) => line.split(/\s+/)[0])).toEqual(by([1, 0, 2]));
  });

  it('one of several targets', () => {
    const [first = ''] = names();
    const [from, recorded] = where();
    expect(named(rows(...(recorded === undefined ? [first] : [from ?? '', recorded, first])))).toEqual([first]);
  });
});

it.each([
  [['--sort', 'colour'], 2, 'unknown order "colour"; use name, sockets'],
  [['--filter', 'state lissen'], 2, 'unknown state "lissen"'],
  [['state established'], 2, "ps: write the FILTER as an option: --filter 'state established'"],
  [['netns:nowhere'], 3, 'nowhere'],
])('ps %j is refused', (args, status, message) => {
  const result = socklens(['ps', ...args]);
  expect(result.status).toBe(status);
  expect(result.stderr).toContain(message);
});
