/** Interface for scripts: exit statuses, one line for each error, JSON documents, closed pipes, missing permission. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LAUNCHER, socklens } from '../support/cli.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { NO_OTHER_USER, otherUser } from '../support/other-user.ts';
import { established, listeners } from '../support/recipes/tcp-opening.ts';
import { Workshop } from '../support/recipes/workshop.ts';

/** Without an Engine, so that the machine's containers have no effect. */
const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };
const run = (...args: string[]) => socklens(args, env);

let netns: TestNetns;
let target: string;

beforeAll(async () => {
  netns = createNetns();
  target = `netns:${netns.name}`;
  const context = { netns, workshop: await Workshop.start(netns) };
  await listeners(context);
  await established(context);
});
afterAll(() => netns?.remove());

describe('mistakes and absences', () => {
  test.each<[number, string[], string]>([
    [2, ['lss'], 'unknown command "lss"'],
    [2, ['ls'], 'ls needs a TARGET (see socklens ls --help)'],
    [2, ['ls', 'host', '--frob'], 'unknown option --frob'],
    [2, ['ls', '-a', 'host'], 'unknown option -a (see socklens ls --help)'],
    [2, ['ls', 'host', '--tpc'], 'unknown option --tpc; did you mean --tcp?'],
    [2, ['watch', 'host', '--for', '5'], '--for: "5" has no unit; write 5s, 500ms or 2m'],
    [2, ['watch', 'host', '--for'], '--for needs a value (see socklens watch --help)'],
    [2, ['compare', 'a'], 'AFTER is missing (see socklens compare --help)'],
    [2, ['compare', 'a', 'b', 'c'], 'unexpected argument "c"'],
    [2, ['record', 'host', '-o', '/x', '--full', '--lightly'], '--full and --summary exclude each other'],
    [2, ['ls', 'host', '--by', 'colour'], 'unknown key "colour"'],
    [2, ['ls', 'host', '--json', '--ndjson'], 'exclude each other'],
    [2, ['ls', 'pid:zero'], 'a PID is a number'],
    [2, ['ls', 'foo:bar'], 'unknown kind of target "foo"'],
    [2, ['netstat'], 'netstat needs a TARGET'],
    [3, ['ls', 'pid:4194304'], 'no such process'],
    [3, ['ls', 'netns:nosuch'], '/run/netns/nosuch does not exist'],
    [3, ['ls', 'netns:/etc/passwd'], 'is not a namespace'],
    [3, ['ls', 'nosuch'], 'no such container'],
    [5, ['ls', 'containerd:x'], 'not supported yet'],
  ])('status %i: %j', (status, args, says) => {
    const result = run(...args);
    expect(result.status).toBe(status);
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain(says);
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('a duration without a unit: the error has the flag, the reason and valid examples', () => {
    expect(run('watch', 'host', '--for', '5')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'socklens: --for: "5" has no unit; write 5s, 500ms or 2m\n',
    });
  });

  test.each(['ssh://me@far.example', 'tcp://192.0.2.1:2375'])('an Engine on another machine is refused: %s', (host) => {
    const { status, stderr } = socklens(['ls', 'web'], { DOCKER_HOST: host });
    expect(status).toBe(5);
    expect(stderr).toContain('run socklens there');
  });

  test('a namespace that was removed', () => {
    const gone = createNetns();
    gone.remove();
    expect(run('ls', `netns:${gone.name}`).status).toBe(3);
  });
});

describe('help and version', () => {
  test('--help lists the commands', () => {
    const { status, stdout } = run('--help');
    expect(status).toBe(0);
    for (const verb of ['ps', 'ls', 'netstat']) expect(stdout).toContain(`  ${verb} `);
  });
  test.each([
    ['--closely', true],
    ['--lightly', false],
  ])('record still accepts %s, and its help does not show it', (spelling, full) => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-')), 'old.slr');
    const { status } = run('record', target, '-o', file, spelling, '--for', '100ms', '--interval', '100ms');
    const [header = ''] = zlib.gunzipSync(fs.readFileSync(file)).toString().split('\n');
    fs.rmSync(path.dirname(file), { recursive: true });
    expect([status, JSON.parse(header).closely]).toEqual([0, full]);
    const help = run('record', '--help').stdout;
    expect(help).not.toContain(spelling);
    for (const option of ['--full', '--summary']) expect(help).toContain(option);
  });
  test('--version is that of the package', () => {
    const manifest = path.resolve(path.dirname(LAUNCHER), '../package.json');
    expect(run('--version').stdout).toBe(`${JSON.parse(fs.readFileSync(manifest, 'utf8')).version}\n`);
  });
});

describe('documents', () => {
  test('ls --json: the sockets that ss counts, with every key of the schema', () => {
    const document = JSON.parse(run('ls', target, '-t', '--json').stdout);
    expect(Object.keys(document)).toEqual(['schema', 'target', 'takenAt', 'source', 'sources', 'coverage', 'sockets']);
    expect(document).toMatchObject({ schema: 1, source: 'sock_diag', coverage: { complete: true, notes: [] } });
    expect(document.takenAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(document.sockets).toHaveLength(netns.run('ss', '-tanH').trimEnd().split('\n').length);
    const allowed = 'proto family local peer state receiveQueue sendQueue uid inode cookie container processes timer';
    for (const socket of document.sockets) {
      for (const key of Object.keys(socket)) expect(allowed.split(' ')).toContain(key);
      expect(socket.processes.length).toBe(1);
    }
  });

  test('ls --ndjson: a target, then a line for each socket', () => {
    const lines = run('ls', target, '-t', '--ndjson')
      .stdout.trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ type: 'target', schema: 1, target: { name: target } });
    expect(lines.slice(1).every((line) => line.type === 'socket' && line.target === target)).toBe(true);
  });

  test('ls --by: counts that add up', () => {
    const { groups } = JSON.parse(run('ls', target, '-t', '--by', 'state', '--json').stdout);
    const sum = groups.reduce((total: number, group: { count: number }) => total + group.count, 0);
    expect(sum).toBe(netns.run('ss', '-tanH').trimEnd().split('\n').length);
  });

  test('ps --all: the namespace by its name, once, and the host', () => {
    const { containers } = JSON.parse(run('ps', '--all', '--json').stdout);
    const named = containers.filter((row: { name: string }) => row.name === target);
    expect(named).toHaveLength(1);
    expect(named[0]).toMatchObject({ runtime: 'netns', netns: netns.inode, sharedWith: [] });
    expect(named[0].sockets.tcp).toBe(netns.run('ss', '-tanH').trimEnd().split('\n').length);
    expect(containers.some((row: { runtime: string }) => row.runtime === 'host')).toBe(true);
  });

  test('without any container ps lists the runtimes that it tried', () => {
    const { stderr } = run('ps');
    if (!stderr.includes('no container is running')) return; // Containers of others are found by their cgroup.
    expect(stderr).toContain('unix:///nowhere/docker.sock');
  });
});

test('exits silently when its pipe is closed', () => {
  const command = `"$0" ls ${target} --ndjson 2>&1 | head -n 1`;
  const { stdout, status } = spawnSync('sh', ['-c', command, LAUNCHER], { encoding: 'utf8', timeout: 30_000 });
  expect(status).toBe(0);
  expect(stdout.split('\n')).toHaveLength(2);
});

describe('control characters from a container', () => {
  test('a process name with escape codes reaches neither table nor error', () => {
    const shell = fs.mkdtempSync(path.join(os.tmpdir(), 'name-'));
    const name = path.join(shell, 'a\x1b[31mb');
    fs.symlinkSync('/bin/sh', name);
    // A UNIX listener of a process whose name is that of the link.
    const script = path.join(shell, 'listen.cjs');
    fs.writeFileSync(
      script,
      `require('net').createServer().listen('\\0evil\\x1b[2J'); process.title = 'a\\x1b[31mb'; console.log('up')`,
    );
    const node = path.resolve(import.meta.dirname, '../../node_modules/.bin/node');
    const child = netns.spawn(node, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    return new Promise<void>((resolve) => child.stdout?.once('data', () => resolve())).then(() => {
      const { stdout } = run('ls', target, '-x', '-p');
      child.kill();
      fs.rmSync(shell, { recursive: true });
      expect(stdout).toContain('@evil\\x1b[2J');
      expect(stdout).toContain('a\\x1b[31mb');
      expect(stdout).not.toContain('\x1b');
    });
  });

  test('a target with escape codes', () => {
    const { stderr } = run('ls', 'a\x1b[31mb');
    expect(stderr).not.toContain('\x1b');
  });
});

describe('without permission', () => {
  const user = otherUser();
  const asUser = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
  const why = user === undefined ? NO_OTHER_USER : undefined;

  test('rows come from /proc, and the answer says so', (context) => {
    if (why !== undefined) return context.skip(why);
    const pid = netns.run('sh', '-c', 'ss -tlnpH | sed -n "s/.*pid=\\([0-9]*\\).*/\\1/p" | head -n 1').trim();
    const { status, stdout } = socklens(['ls', `pid:${pid}`, '-t', '--json'], env, asUser);
    expect(status).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ source: 'procfs', sources: { tcp: 'procfs' } });
    expect(document.coverage.notes).toEqual(['not root: owners and TCP details are hidden; run with sudo']);
    const rows = execFileSync('sh', ['-c', `cat /proc/${pid}/net/tcp /proc/${pid}/net/tcp6 | grep -vc sl`], {
      encoding: 'utf8',
    });
    expect(document.sockets).toHaveLength(Number(rows));
  });

  test('a namespace without processes: status 4 and the capability', (context) => {
    if (why !== undefined) return context.skip(why);
    const empty = createNetns();
    const { status, stderr } = socklens(['ls', `netns:${empty.name}`], env, asUser);
    empty.remove();
    expect(status).toBe(4);
    expect(stderr).toContain('CAP_SYS_ADMIN');
  });
});

test('not Linux: one clear line', () => {
  const { status, stderr } = spawnSync(
    'unshare',
    ['-m', 'sh', '-c', 'mount -t tmpfs x /proc && PATH="$1:$PATH" exec "$0" ps', LAUNCHER, fakeUname()],
    {
      encoding: 'utf8',
    },
  );
  expect(status).toBe(5);
  expect(stderr).toContain('Linux is required');
});

/** A folder with a `uname` of another system. */
function fakeUname(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uname-'));
  fs.writeFileSync(path.join(folder, 'uname'), '#!/bin/sh\necho Darwin\n', { mode: 0o755 });
  return folder;
}
