/**
 * Every command of README.md and every example of help, run in a shell as it stands there, beside the containers that it
 * is about.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VERBS } from '../../src/cli/verbs.ts';
import type { CommandDocs } from '../../src/commands/command.ts';
import { type OwnEngine, startOwnEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';
import { startShop } from '../support/shop-scene.ts';
import { missingProgram } from '../support/software/program.ts';
import { TestTerminal } from '../support/terminal.ts';

const CHECKOUT = path.resolve(import.meta.dirname, '../..');
const README = fs.readFileSync(path.join(CHECKOUT, 'README.md'), 'utf8');

/** Command lines of the blocks and, in backticks, of the text. */
const blocks = [...README.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, text = '']) => text.trimEnd().split('\n'));
const inline = [...README.matchAll(/`(socklens [a-z][^`]*)`/g)].map(([, text = '']) => text);
const commands = [...blocks, ...inline].map((line) => line.replace(/\s+# .*$/, ''));
const ours = commands.filter((line) => line.startsWith('socklens'));

const missing = missingProgram('dockerd') ?? missingProgram('tmux');
let engine: OwnEngine;
let folder: string;
let environment: Record<string, string>;
let databasePid: number;

beforeAll(async () => {
  if (missing !== undefined) return;
  engine = await startOwnEngine([]);
  ({
    db: { pid: databasePid },
  } = await startShop(engine.docker));
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'readme-'));
  // The load test is the load that the services make themselves.
  fs.mkdirSync(`${folder}/bin`);
  fs.writeFileSync(`${folder}/bin/k6`, '#!/bin/sh\nexec sleep 3\n', { mode: 0o755 });
  environment = {
    PATH: `${CHECKOUT}/bin:${folder}/bin:${process.env.PATH}`,
    DOCKER_HOST: engine.docker.endpoint,
    CONTAINER_HOST: '',
  };
  await until('connections to the database', () => established() >= 100);
}, 240_000);
afterAll(async () => {
  await engine?.docker.removeAll();
  await engine?.stop();
  if (folder !== undefined) fs.rmSync(folder, { recursive: true, force: true });
});

/** Connections that the database has, as `ss` counts them. */
function established(): number {
  const inside = ['-t', String(databasePid), '-n', 'ss', '-tnH', 'state', 'established', 'sport', '=', ':3306'];
  return execFileSync('nsenter', inside, { encoding: 'utf8' }).split('\n').filter(Boolean).length;
}

interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Generous: a machine may be busy, and what takes longer hangs. */
const HANG_MS = 100_000;

/** Runs a command line. @param isEnough sends Ctrl-C, once the output says that it has begun */
async function run(line: string, isEnough?: (stdout: string) => boolean | Promise<boolean>): Promise<Ran> {
  const [program = 'sh', ...prefix] = [
    ...engine.docker.asMachine,
    'sh',
    '-c',
    `exec 2>&3; ${isEnough === undefined ? '' : 'exec '}${line}`,
  ];
  const child = spawn(program, prefix, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stdio[3]?.on('data', (text) => {
    stderr += text;
  });
  const ended = once(child, 'close');
  if (isEnough !== undefined) {
    await until('the output', () => isEnough(stdout), HANG_MS);
    process.kill(-(child.pid ?? 0), 'SIGINT');
  }
  const [status] = await ended;
  return { status, stdout, stderr };
}

/** A problem is there to be found: the doctor says so by its status, and a budget of 50 is exceeded. */
const statusOf = (line: string) => (/^socklens (doctor|guard)/.test(line) ? 1 : 0);

describe.skipIf(missing !== undefined)(`README${missing === undefined ? '' : `: ${missing}`}`, () => {
  test('its commands of npm are there', () => {
    const { scripts } = JSON.parse(fs.readFileSync(path.join(CHECKOUT, 'package.json'), 'utf8'));
    const names = commands
      .filter((line) => line.startsWith('npm '))
      .map((line) => /^npm (?:run )?(\S+)/.exec(line)?.[1]);
    expect(names).toEqual(['demo', 'test']);
    for (const name of names) expect(scripts).toHaveProperty(name as string);
    expect(commands.filter((line) => !/^(npm|socklens)( |$)/.test(line))).toEqual([]);
    expect(ours.length).toBeGreaterThan(12);
  });

  test(
    'serve, record and watch, until Ctrl-C',
    async () => {
      // Away from the folder and the port of a service of this machine.
      // With --install it would be one; `serve-install.test.ts` does that in a machine of its own.
      const serves = ours.filter((line) => line.startsWith('socklens serve') && !line.includes('--install'));
      for (const line of serves) {
        const own = `${line.replace(/ *#.*/, '')} --data ${folder}/data --listen 127.0.0.1:0`;
        expect(await run(own, (text) => /^http:\/\/127\.0\.0\.1:\d+\/#token=\S+\n/m.test(text))).toMatchObject({
          status: 0,
        });
      }
      const recorded = ours.filter((line) => line.startsWith('socklens record'));
      expect(recorded).toHaveLength(1);
      // A recording can be read while it is written: it is long enough when the doctor finds what is wrong in it.
      const ran = await run(recorded[0] as string, async () => {
        if (!fs.existsSync(`${folder}/night.slr`)) return false;
        return (await run('socklens doctor --from night.slr --quiet')).status === 1;
      });
      expect(ran).toMatchObject({ status: 0 });
      for (const line of ours.filter((line) => line.startsWith('socklens watch'))) {
        const { status, stdout } = await run(line, (text) => text.includes('\n'));
        expect(status).toBe(0);
        for (const each of stdout.trim().split('\n')) JSON.parse(each);
      }
    },
    2 * HANG_MS,
  );

  const waits = (line: string) => /^socklens (serve|record|watch|top|incident)/.test(line);
  test.each(ours.filter((line) => !waits(line)))(
    '%s',
    async (line) => {
      if (line.includes('before.json')) {
        await run("socklens guard web-1 -b 'all >= 0' --report before.json -- true");
        fs.copyFileSync(`${folder}/before.json`, `${folder}/after.json`);
      }
      const before = established();
      const { status, stdout, stderr } = await run(timed(line));
      // Notes about containers of other tests, which stop meanwhile, are no errors: those have a status.
      expect(stderr).not.toMatch(/internal error/);
      expect(status).toBe(statusOf(line));
      if (!line.startsWith('socklens guard')) expect(stdout.trim()).not.toBe('');
      if (line.startsWith('socklens doctor')) expect(stdout).toContain('(REFUSED_BY_SERVER');
      if (line.includes('--pool db:3306=50')) expect(stdout).toContain('(POOL_OVERRUN, ');
      if (line.includes('3306') && line.startsWith('socklens ps')) expect(stdout).toMatch(/^web-1 .*db:mysql \(\d+\)/m);
      if (line.endsWith('wc -l')) {
        expect(Number(stdout)).toBeGreaterThan(0);
        expect(Number(stdout)).toBeLessThan(Math.max(before, 151) * 3);
      }
      if (line.includes('--report'))
        expect(fs.readFileSync(`${folder}/guard.html`, 'utf8')).toContain('peak(dst db:3306)');
    },
    90_000,
  );

  test.each(ours.filter((line) => line.startsWith('socklens top')))('%s', async (line) => {
    const terminal = await TestTerminal.start({ columns: 100, rows: 30 }, environment);
    try {
      const shell = [...engine.docker.asMachine, 'env', `PATH=${environment.PATH}`, 'sh', '-c', timed(line)];
      terminal.run(
        `cd ${folder}; ${shell.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}; echo status $?`,
      );
      await terminal.until('a row for each container', (lines) =>
        ['db', 'web-1', 'web-2', 'exporter'].every((name) => lines.some((row) => row.startsWith(`${name} `))),
      );
      terminal.type('q');
      await terminal.until('its end', (lines) => lines.some((row) => row === 'status 0'));
    } finally {
      terminal.close();
    }
  });
});

/**
 * Not run here: they fill a terminal (`top` is run above), take a minute and the whole machine, or read and change what a
 * service of this machine keeps (serve, incident) or stdin (mcp); those have tests of their own.
 */
const LEFT_OUT = new Set(['top', 'lab', 'serve', 'incident', 'mcp']);
const examples = Object.entries<{ docs: CommandDocs }>(VERBS).flatMap(([verb, { docs }]) =>
  LEFT_OUT.has(verb) ? [] : docs.examples.map(([line]) => ({ verb, line: `socklens ${line}` })),
);

describe.skipIf(missing !== undefined)(`examples of help${missing === undefined ? '' : `: ${missing}`}`, () => {
  beforeAll(async () => {
    await engine.docker.run({ name: 'db-1' });
    fs.mkdirSync(`${folder}/.zsh`);
    fs.mkdirSync(`${folder}/.config/fish/completions`, { recursive: true });
    fs.writeFileSync(`${folder}/load.sh`, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    await run('socklens record web-1 -o before.slr --for 2s');
    fs.copyFileSync(`${folder}/before.slr`, `${folder}/after.slr`);
    fs.copyFileSync(`${folder}/before.slr`, `${folder}/incident.slr`);
    await run("socklens guard web-1 -b 'all >= 0' --report old.json -- true");
    fs.copyFileSync(`${folder}/old.json`, `${folder}/new.json`);
  });

  test.each(examples)(
    '$line',
    async ({ verb, line }) => {
      const isEndless = /^(watch|events|record)$/.test(verb) && !/--for| -c /.test(line);
      if (verb === 'record') fs.rmSync(`${folder}/incident.slr`);
      const typed = line
        .replace('pid:4242', `pid:${databasePid}`)
        .replace(/--for \S+/, '--for 2s')
        .replace(/^socklens doctor(?!.*--for)/, '$& --for 2s')
        .replaceAll('~', folder);
      // What asks before it acts is answered.
      const asks = verb === 'kill' || line.includes('--set');
      const isRecorded = () => fs.statSync(`${folder}/incident.slr`, { throwIfNoEntry: false })?.size !== undefined;
      const isEnough = (text: string) => (verb === 'record' ? isRecorded() : text.includes('\n'));
      const ran = await run(
        asks ? typed.replace(/^(socklens \w+)/, '$1 --yes') : typed,
        isEndless ? isEnough : undefined,
      );
      expect(ran.stderr).not.toMatch(/internal error/);
      expect(statusesOf(verb, line), ran.stderr).toContain(ran.status);
      if (ran.status !== 4 && verb !== 'record' && verb !== 'guard' && !typed.includes('>'))
        expect(ran.stdout.trim()).not.toBe('');
    },
    120_000,
  );
});

/** Whether this machine's root may raise hard limits: CAP_SYS_RESOURCE, bit 24 of include/uapi/linux/capability.h. */
function mayRaiseLimits(): boolean {
  const [, bits = '0'] = /^CapEff:\t([0-9a-f]+)$/m.exec(fs.readFileSync('/proc/self/status', 'utf8')) ?? [];
  return (BigInt(`0x${bits}`) & (1n << 24n)) !== 0n;
}

function statusesOf(verb: string, line: string): number[] {
  if (line.includes('--set')) return [mayRaiseLimits() ? 0 : 4];
  return ['doctor', 'guard'].includes(verb) ? [0, 1] : [0];
}

/** A command line with the time of the recording that the test has, in place of last night's. */
function timed(line: string): string {
  const file = folder === undefined ? undefined : fs.statSync(`${folder}/night.slr`, { throwIfNoEntry: false });
  return file === undefined ? line : line.replace('03:12:00', new Date(file.mtimeMs).toTimeString().slice(0, 8));
}
