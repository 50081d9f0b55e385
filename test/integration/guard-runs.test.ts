/** Exits of a guard: the command fails, is stopped, or cannot be started; the target exits. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAUNCHER, socklens } from '../support/cli.ts';
import { Guard } from '../support/guard.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { V4 } from '../support/recipes/recipe-context.ts';
import { Workshop } from '../support/recipes/workshop.ts';

let netns: TestNetns;
let workshop: Workshop;
let folder: string;

beforeAll(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-guard-'));
});
afterAll(async () => {
  await workshop?.stop();
  netns?.remove();
  fs.rmSync(folder, { recursive: true, force: true });
});

const HELD = ['--budget', 'peak(all) <= 1000'];
const BROKEN = ['--budget', 'peak(all) > 1000'];

const target = () => `netns:${netns.name}`;

/** Processes whose command line has a word. */
function processesWith(word: string): number[] {
  return fs.readdirSync('/proc').flatMap((name) => {
    try {
      return fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(word) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

describe('guard: the command', () => {
  it.each([
    ['succeeds, budgets held', HELD, 0, 0, 'passed'],
    ['fails, budgets held', HELD, 3, 6, 'command failed'],
    ['succeeds, a budget broke', BROKEN, 0, 1, 'budget broken'],
    ['fails and a budget broke: both are reported', BROKEN, 3, 1, 'budget broken'],
  ])('%s', async (_, budgets, commandStatus, status, outcome) => {
    const guard = await Guard.start(target(), budgets);
    await guard.samples(2);
    guard.go(commandStatus);
    const end = await guard.end();
    expect(end.status).toBe(status);
    expect(end.report).toMatchObject({ outcome, exitStatus: status, command: { status: commandStatus } });
    // The command's stdout is its own, the report goes to stderr.
    expect(end.stdout).toBe('running\n');
    expect(end.stderr).toContain(commandStatus === 0 ? 'the command succeeded' : 'the command failed');
    expect(end.stderr).toContain(`(status ${commandStatus})`.slice(0, commandStatus === 0 ? 0 : undefined));
    if (status === 1) expect(end.stderr).toContain('BROKEN');
    // A run that passed is one line; another has the budgets and what the doctor found.
    if (status === 0) expect(end.stderr).toMatch(/^socklens guard: 2 budgets held; the command succeeded[^\n]*\n$/);
    else expect(end.stderr).toContain('sampled for');
  });

  it('a command that a signal kills has failed', async () => {
    const guard = await Guard.start(target(), HELD, ['sh', '-c', 'echo running; read line; kill -KILL $$']);
    await guard.samples(2);
    guard.go();
    const end = await guard.end();
    expect(end.status).toBe(6);
    expect(end.report?.command).toMatchObject({ signal: 'SIGKILL', failed: true });
  });

  it('the command has the stdin, stdout and stderr of socklens, byte for byte', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const copy = spawnSync(
      LAUNCHER,
      ['guard', target(), '--interval', '100ms', '--budget', 'lost events = 0', '--', 'cat'],
      {
        input: bytes,
      },
    );
    expect(copy.stdout.equals(bytes)).toBe(true);
  });

  it.each([
    [['/nonexistent/program'], 'no such program'],
    [['/etc'], 'not executable'],
  ])('cannot be started: %j', (command, reason) => {
    const { status, stdout, stderr } = socklens(['guard', target(), ...HELD, '--', ...command]);
    expect(status).toBe(6);
    expect(stdout).toBe('');
    expect(stderr.split('\n').filter((line) => line !== '')).toEqual([expect.stringContaining(reason)]);
  });

  it('--for: the command and its children are stopped, and it has not failed', async () => {
    const word = `sltest-${process.pid}-sleeper`;
    // A child that does not listen to SIGTERM, and says who it is when that is true.
    const child = `trap "" TERM; echo running $$; while :; do read line </dev/zero; done`;
    const script = `sh -c '${child}' ${word} & wait`;
    const guard = await Guard.start(target(), [...HELD, '--for', '1500ms'], ['sh', '-c', script]);
    const end = await guard.end();
    expect(end.stdout).toMatch(/^running \d+\n$/);
    expect(end.status).toBe(0);
    expect(end.report?.command).toMatchObject({ stoppedBy: 'time', failed: false, signal: 'SIGTERM' });
    await until('the child to be gone', () => processesWith(word).length === 0);
  });

  it('--for: a command that ignores SIGTERM is killed', async () => {
    const script = 'trap "" TERM; echo running; while :; do read line || sleep 0.1; done';
    const guard = await Guard.start(target(), [...HELD, '--for', '500ms'], ['sh', '-c', script]);
    const end = await guard.end();
    expect(end.report?.command).toMatchObject({ stoppedBy: 'time', failed: false, signal: 'SIGKILL' });
  });
});

describe('guard: interrupted', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s reaches the command, and the report is written', async (name) => {
    const heard = path.join(folder, name);
    const script = `trap 'echo ${name} > ${heard}; exit 0' ${name.slice(3)}; echo running; while :; do sleep 0.05; done`;
    const guard = await Guard.start(target(), [...HELD, '--budget', 'drain(all, 1h) <= 5'], ['sh', '-c', script]);
    await guard.samples(2);
    guard.signal(name);
    const end = await guard.end();
    expect(fs.readFileSync(heard, 'utf8')).toBe(`${name}\n`);
    // Half a test proves nothing, whatever status the command gave.
    expect(end.status).toBe(6);
    expect(end.report).toMatchObject({ outcome: 'command failed', command: { stoppedBy: 'signal', status: 0 } });
    expect(end.report?.budgets.map(({ verdict }) => verdict)).toEqual(['held', 'not judged', 'held']);
    expect(end.file('xml')).toContain('<testsuites');
    expect(end.file('html')).toContain('<svg');
  });

  it('a second signal kills a command that ignores the first', async () => {
    const script = 'trap "" INT TERM; echo running; while :; do sleep 0.05; done';
    const guard = await Guard.start(target(), HELD, ['sh', '-c', script]);
    await guard.samples(2);
    guard.signal('SIGINT');
    await guard.samples(2);
    guard.signal('SIGINT');
    const end = await guard.end();
    expect(end.report?.command).toMatchObject({ stoppedBy: 'signal', signal: 'SIGKILL' });
  });

  it('a budget that was broken before the signal is reported as broken', async () => {
    const guard = await Guard.start(target(), BROKEN);
    await guard.samples(2);
    guard.signal('SIGINT');
    expect((await guard.end()).status).toBe(1);
  });
});

describe('guard: on a terminal', () => {
  /** Final text of a terminal, for the only sequence of socklens: carriage return and erase the line. */
  function screen(bytes: string): string[] {
    const lines = [''];
    for (let at = 0; at < bytes.length; at++) {
      const line = lines.length - 1;
      if (bytes.startsWith('\r\u001b[2K', at)) {
        lines[line] = '';
        at += 4;
      } else if (bytes[at] === '\n') lines.push('');
      else if (bytes[at] !== '\r') lines[line] = `${lines[line]}${bytes[at]}`;
    }
    return lines;
  }

  /** Runs a command line on a terminal of its own, script(1); its shell must not stay between the two: Ctrl-C would end it. */
  function onTerminal(args: readonly string[]) {
    const quoted = [LAUNCHER, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const child = spawn('script', ['-qefc', `exec ${quoted}`, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, SHELL: '/bin/sh' },
    });
    let bytes = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      bytes += piece;
    });
    return { child, seen: () => bytes };
  }

  const args = () => ['guard', target(), '--interval', '100ms', '--budget', 'peak(all) <= 1000'];

  it('the status line never mixes with the output of the command, and is erased at the end', async () => {
    const script =
      'for n in 1 2 3 4 5 6 7 8; do printf "begin $n"; sleep 0.15; echo " end $n"; sleep 0.15; done; printf unended';
    const { child, seen } = onTerminal([...args(), '--', 'sh', '-c', script]);
    await once(child, 'close');
    const lines = screen(seen());
    expect(lines.slice(0, 9)).toEqual([
      ...Array.from({ length: 8 }, (_, n) => `begin ${n + 1} end ${n + 1}`),
      'unended',
    ]);
    expect(lines[9]).toMatch(/^socklens guard: /);
    expect(lines.filter((line) => /^guard \d/.test(line))).toEqual([]);
    // On a busy machine it may be drawn in a later second only.
    expect(seen()).toMatch(/guard [1-9]\d*s \| peak\(all\) <= 1000: \d/);
  });

  it('--no-status: the command has the terminal to itself', async () => {
    const { child, seen } = onTerminal([
      ...args(),
      '--no-status',
      '--',
      'sh',
      '-c',
      'test -t 1 && echo terminal; sleep 1.5',
    ]);
    await once(child, 'close');
    expect(screen(seen())[0]).toBe('terminal');
    expect(seen()).not.toMatch(/guard \d+s/);
  });

  it('Ctrl-C reaches the command, and the report is printed', async () => {
    const { child, seen } = onTerminal([
      ...args(),
      '--',
      'sh',
      '-c',
      'trap "echo stopping; exit 0" INT; while :; do sleep 0.05; done',
    ]);
    await until('the status line', () => /peak\(all\) <= 1000: \d/.test(seen()));
    child.stdin.write('\u0003');
    const [status] = await once(child, 'close');
    expect(status).toBe(6);
    expect(seen()).toContain('stopping');
    // The sentence is wrapped at the width of the terminal.
    expect(seen().replaceAll(/\s+/g, ' ')).toContain('the run was interrupted');
  });
});

describe('guard: the target', () => {
  it('a target that exits during the run is a finding, and the run goes on', async () => {
    const other = createNetns();
    const dying = await Workshop.start(other);
    try {
      await dying.tcpListener(V4);
      const guard = await Guard.start(`pid:${dying.pid}`, HELD);
      await guard.samples(2);
      await dying.stop();
      // Processes are read again after three seconds at most.
      await guard.prints(`pid:${dying.pid}: stopped`);
      guard.go();
      const end = await guard.end();
      expect(end.status).toBe(1);
      expect(end.report?.findings).toMatchObject([
        { rule: 'TARGET_GONE', severity: 'critical', scope: { name: `pid:${dying.pid}` } },
      ]);
      expect(end.report?.budgets).toMatchObject([
        { budget: 'peak(all) <= 1000', verdict: 'held' },
        { budget: 'findings(TARGET_GONE) = 0', verdict: 'broken' },
      ]);
      expect(end.report?.command).toMatchObject({ status: 0, failed: false });
    } finally {
      await dying.stop();
      other.remove();
    }
  });

  it('a target that does not exist is an error, and the command is not run', () => {
    const file = path.join(folder, 'ran');
    const { status, stderr } = socklens(['guard', 'netns:nowhere', ...HELD, '--', 'touch', file]);
    expect(status).toBe(3);
    expect(stderr).toContain('nowhere');
    expect(fs.existsSync(file)).toBe(false);
  });
});

describe('guard: the command line', () => {
  it.each([
    [[], 'guard needs a TARGET'],
    [['host'], 'guard needs a COMMAND after --'],
    [['host', '--', 'true'], 'guard needs a budget'],
    [['host', '--budget', 'peek(all) <= 5', '--', 'true'], 'did you mean peak'],
    [['host', '--budget', 'dst nobody-has-this-name:80 <= 5', '--', 'true'], 'nobody-has-this-name'],
    [['host', ...HELD, '--report', 'r.pdf', '--', 'true'], 'the extension chooses the format'],
    [['host', ...HELD, '--report', '/nonexistent/r.html', '--', 'true'], 'cannot be written'],
    [['host', ...HELD, '--config', '/nonexistent.toml', '--', 'true'], 'cannot be read'],
    [['host', '--budget', 'fwmark = 5 <= 5', '--', 'true'], 'not supported for repeated snapshots'],
  ])('%j', (args, message) => {
    const { status, stderr } = socklens(['guard', ...args]);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  it('a filter mistake is marked at its position in the budget', () => {
    const budget = 'peak(state established and dst nobody-has-this-name:80) <= 5';
    const { stderr } = socklens(['guard', 'host', '--budget', budget, '--', 'true']);
    const [, shown = '', mark = ''] = stderr.split('\n');
    expect(shown).toBe(`  ${budget}`);
    expect(shown.slice(mark.indexOf('^'), mark.length)).toBe('nobody-has-this-name');
  });

  it('socklens.toml: its budgets are checked', async () => {
    const file = path.join(folder, 'socklens.toml');
    fs.writeFileSync(file, '[guard]\nbudgets = ["peak(all) > 1000"]\n');
    const guard = await Guard.start(target(), ['--config', file]);
    await guard.samples(2);
    guard.go();
    const end = await guard.end();
    expect(end.report?.budgets[0]).toMatchObject({ origin: file, verdict: 'broken' });
    expect(end.status).toBe(1);
  });
});
