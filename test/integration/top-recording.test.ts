/** `top --from` on a real pseudo-terminal, against the counts of `ss` during the recording. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LAUNCHER } from '../support/cli.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { RecordingRun, temporaryFolder } from '../support/recording-run.ts';
import { TestTerminal } from '../support/terminal.ts';

const OPEN = 3;
const HALF_CLOSED = 2;
/** Both ends of each, and two listeners. */
const ALL = 2 * (OPEN + HALF_CLOSED) + 2;
/** shutdown(2). */
const SHUT_WR = 1;

let folder: string;
let file: string;
let port: number;
let terminal: TestTerminal | undefined;

const has = (text: string) => (lines: string[]) => lines.some((line) => line.includes(text));
const rowOf = (lines: string[], text: string) => lines.find((line) => line.includes(text)) ?? '';
const shows = (count: number) => (lines: string[]) => lines[1]?.endsWith(` ${count}`) === true;

function counted(netns: TestNetns, ...filter: string[]): number {
  const text = netns.run('ss', '-tanH', ...filter).trim();
  return text === '' ? 0 : text.split('\n').length;
}

beforeAll(async () => {
  folder = temporaryFolder();
  file = path.join(folder, 'top.slr');
  using busy = createNetns();
  using quiet = createNetns();
  const workshop = await Workshop.start(busy);
  const quietWorkshop = await Workshop.start(quiet);
  await quietWorkshop.tcpListener('127.0.0.1');
  const listener = await workshop.tcpListener('127.0.0.1');
  await workshop.tcpListener('127.0.0.1');
  port = listener.port;
  for (let index = 0; index < OPEN; index++) await workshop.tcpPair(listener);
  for (let index = 0; index < HALF_CLOSED; index++) {
    const { client } = await workshop.tcpPair(listener);
    await workshop.shutdown(client, SHUT_WR);
  }
  await until('CLOSE_WAIT', () => counted(busy, 'state', 'close-wait') === HALF_CLOSED);
  expect([counted(busy), counted(quiet)]).toEqual([ALL, 1]);
  // A summary recording dumps an unchanged namespace in the first tick only.
  const run = await RecordingRun.start(
    `netns:${busy.name},netns:${quiet.name}`,
    file,
    '--summary',
    '--interval',
    '200ms',
  );
  await run.samples(4);
  expect(await run.stop()).toBe(0);
  await workshop.stop();
  await quietWorkshop.stop();
});
afterEach(() => {
  terminal?.close();
  terminal = undefined;
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

async function startTop(...args: string[]): Promise<TestTerminal> {
  const started = await TestTerminal.start({ columns: 80, rows: 24 });
  terminal = started;
  started.run(`clear; echo BEFORE; ${LAUNCHER} top --from ${file} ${args.join(' ')}; echo "status $?"`);
  await started.until('the keys', (lines) => lines.at(-1)?.startsWith('F1Help') === true);
  return started;
}

describe('top --from', () => {
  it('stays at the end of the recording, where everything can still be opened and filtered', async () => {
    const top = await startTop('--speed', 'max');
    const overview = await top.until('the end', has('PAUSED'));
    expect(overview.filter((line) => line.startsWith('netns:'))).toHaveLength(2);
    expect(shows(ALL + 1)(overview)).toBe(true);

    // The busier one comes first.
    top.press('Enter');
    const peers = await top.until('its peers', has('localhost'));
    const numbers = (line: string) => (line.replace(/\[.*?\]/g, ' ').match(/\b\d+\b/g) ?? []).map(Number);
    const outgoing = numbers(rowOf(peers, `→ ${port}`).replace(String(port), ''));
    expect(outgoing.slice(0, 2)).toEqual([OPEN + HALF_CLOSED, OPEN]);

    top.press('F5');
    const sockets = await top.until('its sockets', has('CLOSE_WAIT'));
    expect(sockets.filter((line) => line.includes('CLOSE_WAIT'))).toHaveLength(HALF_CLOSED);
    expect(sockets.filter((line) => line.includes('LISTEN'))).toHaveLength(2);

    top.press('F4');
    top.type('state close-wait');
    top.press('Enter');
    const filtered = await top.until('the filtered counts', shows(HALF_CLOSED));
    expect(filtered.filter((line) => line.includes('ESTABLISHED'))).toEqual([]);

    top.press('q', 'q', 'q');
    const lines = await top.until("the shell's screen", has('status 0'));
    expect(lines[0]).toBe('BEFORE');
  });

  it('replays at a reduced speed, and can be paused', async () => {
    // The next sample is due in twenty seconds.
    const top = await startTop('--speed', '0.01');
    await top.until('the first sample', shows(ALL + 1));
    top.press('Space');
    await top.until('the pause', has('PAUSED'));
    top.press('Space');
    await top.until('the end of the pause', (lines) => !has('PAUSED')(lines));
    top.press('C-c');
    await top.until("the shell's screen", has('status 0'));
  });

  it('--at: the moment that was asked for is the last', async () => {
    const top = await startTop('--speed', 'max', '--at', '+300ms');
    await top.until('the end', (lines) => has('PAUSED')(lines) && shows(ALL + 1)(lines));
    top.press('F10');
    await top.until("the shell's screen", has('status 0'));
  });
});
