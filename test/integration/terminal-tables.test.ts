/** What `ls` and `watch` print on a real pseudo-terminal, where nothing may wrap, against `ss`. */
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LAUNCHER, socklens } from '../support/cli.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { TestTerminal } from '../support/terminal.ts';

const GENERATOR = path.resolve(import.meta.dirname, '../support/recipes/churn-main.ts');
const IN_TIME_WAIT = 230;
/** shutdown(2). */
const SHUT_WR = 1;

let netns: TestNetns;
let workshop: Workshop;
let port: number;
let terminal: TestTerminal | undefined;

const inTimeWait = () =>
  netns
    .run('ss', '-tanH', 'state', 'time-wait')
    .split('\n')
    .filter((line) => line !== '').length;

beforeAll(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
  const listener = await workshop.tcpListener('127.0.0.1');
  port = listener.port;
  await workshop.tcpPair(listener);
});
afterEach(() => {
  terminal?.close();
  terminal = undefined;
});
afterAll(async () => {
  await workshop?.stop();
  netns?.remove();
});

/** Runs a command on a terminal until it ends. @returns its lines */
async function linesOn(columns: number, args: string): Promise<string[]> {
  const started = await TestTerminal.start({ columns, rows: 400 });
  terminal = started;
  started.run(`clear; ${LAUNCHER} ${args}; echo status $?`);
  const lines = await started.until('the end', (seen) => seen.some((line) => /^status \d+$/.test(line)));
  terminal.close();
  return lines.slice(
    0,
    lines.findIndex((line) => line.startsWith('status ')),
  );
}

describe('on a terminal', () => {
  it.each([40, 80, 100, 120, 200])(
    'ls -p in %d columns: a line for each socket, ports and PIDs in full',
    async (columns) => {
      const lines = await linesOn(columns, `ls netns:${netns.name} -tnp`);
      const rows = lines.slice(1);
      const sockets = netns.run('ss', '-tanH').trim().split('\n');
      expect(rows).toHaveLength(sockets.length);
      for (const socket of sockets) {
        const [, , , local = '', peer = ''] = socket.split(/\s+/);
        const portOf = (endpoint: string) => endpoint.slice(endpoint.lastIndexOf(':') + 1);
        const ends = new RegExp(`:${portOf(local)} .*:${portOf(peer).replace('*', '[*]')} `);
        const own = rows.filter((line) => ends.test(line));
        expect([columns, socket, own.length]).toEqual([columns, socket, 1]);
        expect(own[0]).toContain(` ${workshop.pid}/`);
      }
    },
  );

  it('watch follows a resize, and keeps CLOSE_WAIT and the descriptors', async () => {
    const started = await TestTerminal.start({ columns: 160, rows: 40 });
    terminal = started;
    started.run(`clear; ${LAUNCHER} watch netns:${netns.name},pid:${workshop.pid} --interval 100ms`);
    await started.until('wide lines', (lines) => lines.some((line) => line.includes('Trend')));
    started.resize({ columns: 80, rows: 40 });
    const isNarrow = (line: string) => line.startsWith('Time') && !line.includes('Trend');
    const lines = await started.until('a narrow header and ten lines', (seen) => {
      const at = seen.findLastIndex(isNarrow);
      return at >= 0 && seen.slice(at).filter((line) => /^\d\d:/.test(line)).length > 10;
    });
    const from = lines.findLastIndex(isNarrow);
    expect(lines[from]).toMatch(/CLOSE_WAIT.*Descriptors$/);
    for (const line of lines.slice(from + 1, from + 10)) expect(line).toMatch(/^\d\d:.* \d+\/\d+$/);
    started.press('C-c');
  });

  it('colours CLOSE_WAIT, but not with NO_COLOR, with --no-color, or in a pipe', async () => {
    const listener = await workshop.tcpListener('127.0.0.1');
    const { client } = await workshop.tcpPair(listener);
    await workshop.shutdown(client, SHUT_WR);
    await until('CLOSE_WAIT', () => netns.run('ss', '-tanH', 'state', 'close-wait').trim() !== '');
    const shown = await TestTerminal.start({ columns: 100, rows: 40 });
    terminal = shown;
    let runs = 0;
    const coloured = async (before: string, options: string) => {
      runs++;
      shown.run(`clear; ${before} ${LAUNCHER} ls netns:${netns.name} -tn ${options}; echo end of run $((${runs}+0))`);
      // Its own end: that of the run before is on the screen until it is cleared.
      await shown.until(
        'the end',
        (lines) => lines.includes(`end of run ${runs}`) && lines.some((line) => line.includes('CLOSE_WAIT')),
      );
      return shown.colouredText().includes('\x1b[33mCLOSE_WAIT');
    };
    expect(await coloured('', '')).toBe(true);
    expect(await coloured('NO_COLOR=1', '')).toBe(false);
    expect(await coloured('', '--no-color')).toBe(false);
    expect(socklens(['ls', `netns:${netns.name}`, '-tn']).stdout).not.toContain('\x1b');
  });

  it('more than 200 connections in TIME_WAIT are one line, and listed where they are asked for', async () => {
    const child = netns.spawnNode(GENERATOR, [String(IN_TIME_WAIT), '1'], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin?.write('\n');
    await once(child, 'close');
    await until('TIME_WAIT', () => inTimeWait() >= IN_TIME_WAIT);
    const target = `netns:${netns.name}`;
    const count = (lines: readonly string[]) =>
      lines.filter((line) => / TIME_WAIT */.test(line) && line.startsWith('tcp')).length;
    const lines = await linesOn(100, `ls ${target} -tn`);
    expect(count(lines)).toBe(0);
    expect(lines.filter((line) => line.includes(`:${port} `)).length).toBeGreaterThan(0);
    expect(lines.at(-1)).toMatch(
      /^23\d connections in TIME_WAIT are not listed; -a and the filter 'state time-wait' list them$/,
    );
    expect(count(await linesOn(100, `ls ${target} -tn state time-wait`))).toBe(inTimeWait());
    const piped = socklens(['ls', target, '-tn']).stdout.split('\n');
    expect(count(piped)).toBe(inTimeWait());
    expect(piped.join('\n')).not.toContain('not listed');
  });
});
