/** `npm run demo`: what it shows, and that nothing is left of it however it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../support/netns.ts';
import { missingProgram } from '../support/software/program.ts';
import { TestTerminal } from '../support/terminal.ts';

const CHECKOUT = path.resolve(import.meta.dirname, '../..');

/** Generous: it takes twenty seconds on a machine that does nothing else. */
const HANG_MS = 240_000;
const TEST_MS = 300_000;

/** Everything of a demo has this variable in its environment. */
const MARK = 'DEMO_TEST_MARK';

interface Demo {
  mark: string;
  /** The folder for its temporary files. */
  folder: string;
  env: Record<string, string>;
}

const demos: Demo[] = [];
afterEach(async () => {
  for (const { mark, folder } of demos.splice(0)) {
    for (const pid of processesOf(mark)) process.kill(pid, 'SIGKILL');
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

function newDemo(): Demo {
  const mark = randomUUID();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-test-'));
  // npm's Node would have its cache of compiled code in that folder.
  const env = { [MARK]: mark, TMPDIR: folder, COLUMNS: '100', NODE_DISABLE_COMPILE_CACHE: '1' };
  const demo = { mark, folder, env };
  demos.push(demo);
  return demo;
}

/** Processes of a demo that have not ended. */
function processesOf(mark: string): number[] {
  return fs.readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return fs.readFileSync(`/proc/${name}/environ`, 'latin1').includes(`${MARK}=${mark}`) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** What this machine has of a demo: its processes, files, names and mounts. */
function remains({ mark, folder }: Demo): string[] {
  const mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return [
    ...processesOf(mark).map((pid) => `process ${pid}`),
    ...fs.readdirSync(folder).map((name) => `file ${name}`),
    ...['web', 'db'].filter((name) => fs.existsSync(`/run/netns/${name}`)).map((name) => `namespace ${name}`),
    ...mounts.filter((line) => line.includes(folder)).map((line) => `mount ${line}`),
  ];
}

interface Started {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
}

function start({ env }: Demo): Started {
  const child = spawn('npm', ['run', '-s', 'demo'], {
    cwd: CHECKOUT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
  const ended = once(child, 'close').then(([status]) => status as number | null);
  return { child, output: () => text, ended };
}

describe('demo', () => {
  test('shows both causes of the errors, their fixes, and that the fix holds; nothing is left', {
    timeout: TEST_MS,
  }, async () => {
    const demo = newDemo();
    const { output, ended } = start(demo);
    expect(await ended, output()).toBe(0);
    const text = output();
    expect([...text.matchAll(/^== (\d) of 6: /gm)].map(([, number]) => Number(number))).toEqual([1, 2, 3, 4, 5, 6]);
    const [, , , netstat = '', , doctor = '', guard = ''] = text.split(/^== /m);
    // 151 connections is what the database takes at once, and the pool sends 190 requests: the rest is on its way.
    const connections = Number(/^\d+$/m.exec(netstat)?.[0]);
    expect(connections).toBeGreaterThanOrEqual(50);
    expect(doctor).toContain('(POOL_OVERRUN, ');
    expect(doctor).toContain('declared cap: 50');
    expect(doctor).toContain('mysql.createPool({ connectionLimit: 50 })');
    expect(doctor).toContain('(REFUSED_BY_SERVER)');
    expect(doctor).toContain('soft limit: 240 descriptors');
    expect(guard).toContain('budgets held');
    expect(text).not.toMatch(/undefined|NaN|internal error/);
    expect(text).toContain('bin/socklens lab');
    expect(text).not.toContain('[y/N]');
    // Whoever is killed last has closed its output a moment before it is gone.
    await until('the end of all of it', () => remains(demo).length === 0);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'stopped by %s in the middle, it leaves nothing',
    {
      timeout: TEST_MS,
    },
    async (signal) => {
      const demo = newDemo();
      const { child, output, ended } = start(demo);
      await until('a step that takes seconds', () => output().includes('== 4 of 6'), HANG_MS);
      // As Ctrl-C at a terminal: all processes of the group get it.
      process.kill(-(child.pid ?? 0), signal);
      await ended;
      await until('the end of all of it', () => remains(demo).length === 0);
      expect(output()).not.toContain('== 6 of 6');
    },
  );

  const missing = missingProgram('tmux');
  test.skipIf(missing !== undefined)(
    `on a terminal it fits 80 columns and offers the lab, which runs on demand only${missing === undefined ? '' : `: ${missing}`}`,
    { timeout: TEST_MS },
    async () => {
      const demo = newDemo();
      const terminal = await TestTerminal.start({ columns: 80, rows: 140 }, { ...demo.env, COLUMNS: '' });
      try {
        terminal.run(`cd ${CHECKOUT} && npm run -s demo; echo status $?`);
        const shown = await untilShown(terminal, '[y/N]');
        expect(terminal.unwrappedLines().filter((line) => line.length > 80)).toEqual([]);
        expect(shown.join('\n')).not.toContain('webhook-1');
        terminal.press('Enter');
        await untilShown(terminal, 'status 0');
        await until(
          'the end of all of it',
          () => remains(demo).filter((one) => !one.startsWith('process')).length === 0,
        );
      } finally {
        terminal.close();
      }
    },
  );
});

async function untilShown(terminal: TestTerminal, text: string): Promise<string[]> {
  let lines: string[] = [];
  await until(
    text,
    () => {
      lines = terminal.lines();
      return lines.some((line) => line.includes(text));
    },
    HANG_MS,
  );
  return lines;
}
