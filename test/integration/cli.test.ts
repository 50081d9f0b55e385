/** Interface for scripts: exit statuses, one line for each error, JSON documents, closed pipes, missing permission. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKOUT_LAUNCHER, IS_ONE_FILE, LAUNCHER, socklens } from '../support/cli.ts';
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
    [2, ['lss'], 'unknown command "lss"; did you mean ls?'],
    [2, ['help', 'lss'], 'unknown command "lss"; did you mean ls?'],
    [2, ['frobnicate'], 'available: ps, ls, netstat'],
    [2, ['ls'], 'ls needs a TARGET (see socklens ls --help)'],
    [2, ['ls', 'host', '--frob'], 'unknown option --frob'],
    [2, ['ls', '-z', 'host'], 'unknown option -z (see socklens ls --help)'],
    [2, ['ls', 'host', '--tpc'], 'unknown option --tpc; did you mean --tcp?'],
    [2, ['watch', 'host', '--for', '5'], '--for: "5" has no unit; write 5s, 500ms or 2m'],
    [2, ['watch', 'host', '--for'], '--for needs a value (see socklens watch --help)'],
    [
      2,
      ['incident'],
      'ACTION is missing; available: list, save, export, rename, delete (see socklens incident --help)',
    ],
    [2, ['incident', 'lsit'], 'unknown action "lsit"; available: list, save, export, rename, delete'],
    [2, ['completion'], 'SHELL is missing; available: bash, zsh, fish (see socklens completion --help)'],
    [2, ['doctor', '--severity'], '--severity needs a value; available: critical, warning, info (see'],
    [2, ['ps', '--sort'], '--sort needs a value; available: name, '],
    [2, ['compare', 'a', 'b', '--fail-on'], '--fail-on needs a value; available: worse (see'],
    [2, ['compare', 'a'], 'AFTER is missing (see socklens compare --help)'],
    [2, ['compare', 'a', 'b', 'c'], 'unexpected argument "c"'],
    [2, ['record', 'host', '-o', '/x', '--full', '--lightly'], '--full and --summary exclude each other'],
    [2, ['ls', 'host', '--by', 'colour'], 'unknown key "colour"'],
    [2, ['ls', 'host', '--by', 'stat'], 'unknown key "stat"; did you mean state?'],
    [2, ['ls', 'host', '--by', 'state,,'], '--by: "state,," has an empty key; write state'],
    [2, ['watch', 'host', '--by', ',peer'], '--by: ",peer" has an empty key; write peer'],
    [2, ['ls', 'host', '--by', ','], '--by: needs a key; available: state'],
    [2, ['ls', 'state', 'listening'], 'ls needs a TARGET; "state" begins a FILTER'],
    [
      2,
      ['doctor', 'state'],
      'doctor takes no FILTER: "state"; "state" begins a FILTER, a container of that name is docker:state',
    ],
    [2, ['ps', 'state'], '--filter \'state\'; "state" begins a FILTER, a container of that name is docker:state'],
    [2, ['doctor', 'host', 'state', 'listening'], 'doctor takes no FILTER: "state listening"'],
    [2, ['doctor', '--rule', 'CLOSE_WAIT_LAEK'], 'no rule "CLOSE_WAIT_LAEK"; did you mean CLOSE_WAIT_LEAK?'],
    [2, ['explain', 'close_wait'], 'no rule "close_wait"; did you mean CLOSE_WAIT_LEAK?'],
    [2, ['ls', 'contaner:web'], 'unknown kind of target "contaner"'],
    [2, ['ls', 'dcoker:web'], 'did you mean docker?'],
    [3, ['ls', 'hots'], 'hots: no such container'],
    [3, ['ls', 'hots'], 'did you mean host?'],
    [3, ['ls', 'host', 'staet', 'listening'], 'did you mean the filter "state"?'],
    [3, ['ls', 'host', 'listening'], 'did you mean the filter "state listening"?'],
    [2, ['ls', 'host', '--json', '--ndjson'], 'exclude each other'],
    [2, ['ls', 'pid:zero'], 'a PID is a number'],
    [2, ['ls', 'foo:bar'], 'unknown kind of target "foo"'],
    [2, ['netstat'], 'netstat needs a TARGET'],
    [3, ['netstat', 'state'], 'state: no such container'],
    [3, ['ls', 'pid:4194304'], 'no such process'],
    [3, ['ls', 'netns:nosuch'], '/run/netns/nosuch does not exist'],
    [3, ['ls', 'netns:/etc/passwd'], 'is not a namespace'],
    [3, ['ls', 'nosuch'], 'no such container'],
    [3, ['ls', 'containerd:x'], 'no such container'],
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

  test('a named namespace that is misspelt: the nearest name', () => {
    const { status, stderr } = run('ls', `${target}x`);
    expect(status).toBe(3);
    expect(stderr).toContain(`did you mean ${target}?`);
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
  test('every --help says how the command is used and has examples, within 80 columns', () => {
    const [list = ''] = run('--help').stdout.split('EXAMPLES');
    const verbs = [...list.matchAll(/^ {2}(\w+) {2,}\S/gm)].map(([, verb = '']) => verb);
    expect(verbs).toEqual(expect.arrayContaining(['ps', 'netstat', 'doctor', 'kill', 'completion']));
    for (const verb of verbs.filter((word) => !['help', 'version'].includes(word))) {
      const { status, stdout } = run(verb, '--help');
      expect([verb, status]).toEqual([verb, 0]);
      expect(stdout).toMatch(new RegExp(`^USAGE\n {2}socklens ${verb} `, 'm'));
      expect(stdout).toMatch(new RegExp(`^EXAMPLES\n( {2}# .*\n)? {2}socklens ${verb}`, 'm'));
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    }
  });
  test('what help calls an option of every command is one', () => {
    const [, list = ''] = run('--help').stdout.split('OPTIONS OF EVERY COMMAND\n');
    const options = [...list.matchAll(/--?[a-z-]+(?=[, ])/g)].map(([option]) => option);
    expect(options).toEqual(expect.arrayContaining(['-h', '--help', '--no-color', '--debug']));
    for (const verb of ['ps', 'explain', 'compare'])
      for (const option of options) expect(run(verb, option).stderr).not.toContain('unknown option');
  });
  test('help and help VERB', () => {
    expect(run('help').stdout).toBe(run('--help').stdout);
    for (const verb of ['ls', 'netstat']) expect(run('help', verb)).toEqual(run(verb, '--help'));
  });
  test('a TARGET that is a word of a filter is not proposed as a filter', () => {
    for (const args of [
      ['netstat', 'state'],
      ['ls', 'docker:state'],
    ])
      expect(run(...args).stderr).not.toContain('did you mean');
  });
  test('--no-color is accepted by every verb', () => {
    for (const verb of ['ls', 'netstat']) expect(run(verb, target, '-t', '--no-color').status).toBe(0);
    expect(run('--no-color', 'ls', target).status).toBe(0);
  });
  test('--version is that of the package', () => {
    const manifest = path.resolve(import.meta.dirname, '../../package.json');
    const { version, devDependencies } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    const bun = `one file for linux-${process.arch}, Bun ${devDependencies['@oven/bun-linux-x64']}`;
    const what = IS_ONE_FILE ? ` (${bun})` : '';
    for (const spelling of ['--version', '-v', '-V', 'version'])
      expect(run(spelling).stdout).toBe(`${version}${what}\n`);
  });
});

describe('operands', () => {
  let other: TestNetns;
  beforeAll(() => {
    other = createNetns();
  });
  afterAll(() => other?.remove());

  const listening = () => netns.run('ss', '-tlnH').trimEnd().split('\n').length;

  test.each([
    ['blanks', (a: string, b: string) => [a, b]],
    ['commas', (a: string, b: string) => [`${a},${b}`]],
    ['a comma and a blank', (a: string, b: string) => [`${a},`, b]],
    ['a comma and a blank in one argument', (a: string, b: string) => [`${a}, ${b}`]],
  ])('several targets separated by %s, and a filter of several arguments', (_, targets) => {
    const args = targets(target, `netns:${other.name}`);
    const lines = run('ls', ...args, 'state', 'listening', '-t', '--ndjson')
      .stdout.trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const found = lines.filter(({ type }) => type === 'target').map((line) => line.target.name);
    expect(found).toEqual([target, `netns:${other.name}`]);
    expect(lines.filter(({ type }) => type === 'socket')).toHaveLength(listening());
    expect(run('limits', ...args).stderr).not.toContain('unexpected');
  });

  test('a filter begins at an argument with a blank, a keyword with its operator, a parenthesis', () => {
    const count = (...filter: string[]) =>
      JSON.parse(run('ls', target, ...filter, '-t', '--json').stdout).sockets.length;
    expect(count('state listening')).toBe(listening());
    expect(count('(', 'state', 'listening', ')')).toBe(listening());
    expect(count('sport>0', 'and', 'state', 'listening')).toBe(listening());
    expect(count('not', 'state', 'listening')).toBe(count() - listening());
  });

  test('blanks after commas: in a filter, in the keys of --by', () => {
    const count = (...args: string[]) => JSON.parse(run('ls', target, '-t', '--json', ...args).stdout);
    const both = count('state listening,established').sockets.length;
    expect(count('state listening, established').sockets).toHaveLength(both);
    expect(count('state', 'listening,', 'established').sockets).toHaveLength(both);
    const keys = ({ groups }: { groups: { key: object }[] }) => JSON.stringify(groups);
    expect(keys(count('--by', 'state,', 'proto'))).toBe(keys(count('--by', 'state,proto')));
    expect(keys(count('--by', 'state, proto'))).toBe(keys(count('--by', 'state,proto')));
  });

  test('-a of ls: all sockets, as without it', () => {
    const json = (...args: string[]) => JSON.parse(run('ls', target, '-t', '--json', ...args).stdout).sockets.length;
    expect(json('-a')).toBe(netns.run('ss', '-tanH').trimEnd().split('\n').length);
    expect(json('-a')).toBe(json());
  });
});

describe('documents', () => {
  test('ls --json: the sockets that ss counts, with every key of the schema', () => {
    const document = JSON.parse(run('ls', target, '-t', '--json').stdout);
    expect(Object.keys(document)).toEqual([
      'schema',
      'target',
      'takenAt',
      'source',
      'sources',
      'owners',
      'coverage',
      'sockets',
    ]);
    expect(document).toMatchObject({ schema: 1, source: 'sock_diag', coverage: { complete: true, notes: [] } });
    expect(document.takenAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(document.sockets).toHaveLength(netns.run('ss', '-tanH').trimEnd().split('\n').length);
    const allowed =
      'proto family local peer v6only device state receiveQueue sendQueue uid inode cookie container processes timer';
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

  test('watch and events: --json is one document with the lines of --ndjson', () => {
    const document = JSON.parse(run('watch', target, '-t', '--json', '--for', '300ms', '--interval', '100ms').stdout);
    expect(document.schema).toBe(1);
    const { total } = document.lines.find(({ type }: { type: string }) => type === 'sample');
    expect(total).toBe(netns.run('ss', '-tanH').trimEnd().split('\n').length);
    expect(document.lines.at(-1)).toMatchObject({ type: 'summary' });
    const events = JSON.parse(run('events', target, '--json', '--for', '300ms').stdout);
    expect(events.lines.at(-1)).toMatchObject({ type: 'summary', connections: 0 });
    expect(run('watch', 'netns:nosuch', '--json')).toMatchObject({ status: 3, stdout: '' });
  });

  test('doctor --ndjson: the diagnosis, then a line for each problem and each finding of --json', () => {
    const args = ['doctor', target, '--for', '300ms', '--interval', '100ms'];
    const [first, ...lines] = run(...args, '--ndjson')
      .stdout.trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ type: 'diagnosis', schema: 1, targets: [target] });
    const document = JSON.parse(run(...args, '--json').stdout);
    const rules = (list: { rule: string }[]) => list.map(({ rule }) => rule).sort();
    const ofType = (wanted: string) => lines.filter(({ type }) => type === wanted);
    expect(rules(ofType('finding'))).toEqual(rules(document.findings));
    expect(rules(ofType('problem'))).toEqual(rules(document.problems));
    expect(lines.filter(({ type }) => type !== 'finding' && type !== 'problem')).toEqual([]);
  });

  test('compare --ndjson: the comparison in a line', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-'));
    const file = path.join(folder, 'a.slr');
    expect(run('record', target, '-o', file, '--for', '300ms', '--interval', '100ms').status).toBe(0);
    const line = JSON.parse(run('compare', file, file, '--ndjson').stdout);
    const document = JSON.parse(run('compare', file, file, '--json').stdout);
    fs.rmSync(folder, { recursive: true });
    expect(line).toEqual({ type: 'comparison', ...document });
  });

  test('without any container ps lists the runtimes that it tried', () => {
    const { stderr } = run('ps');
    if (!stderr.includes('no container is running')) return; // Containers of others are found by their cgroup.
    expect(stderr).toContain('unix:///nowhere/docker.sock');
  });
});

describe('outputs that fail', () => {
  const shell = (command: string) => {
    const { stderr, status } = spawnSync('sh', ['-c', command, LAUNCHER], { encoding: 'utf8', timeout: 240_000 });
    return { stderr, status };
  };
  const full = 'socklens: standard output: cannot be written: no space left on device (ENOSPC)\n';

  test.each(['ls TARGET', 'ls TARGET --json', 'netstat TARGET -tan', 'explain', '--help', '--version', 'ls --help'])(
    'a full disk is one line, not a bug: %s',
    (args) => {
      expect(shell(`"$0" ${args.replace('TARGET', target)} >/dev/full`)).toEqual({ status: 74, stderr: full });
    },
  );

  test('a report of guard on a full disk', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-'));
    const report = path.join(folder, 'report.json');
    fs.symlinkSync('/dev/full', report);
    const { status, stderr } = shell(
      `"$0" guard ${target} -b 'state listening >= 0' --report ${report} --no-status -- true`,
    );
    fs.rmSync(folder, { recursive: true });
    expect(status).toBe(74);
    expect(stderr).toContain(`${report}: cannot be written: no space left on device (ENOSPC)\n`);
  });

  test.each([
    [3, 'ls netns:nosuch'],
    [2, 'lss'],
    [2, 'ls host --frob'],
    [2, 'ls'],
  ])('status %i although stderr is full or closed: %s', (status, args) => {
    expect(shell(`"$0" ${args} 2>/dev/full`).status).toBe(status);
    expect(shell(`"$0" ${args} 2>&-`).status).toBe(status);
    const script = `exec 4>&1; { "$0" ${args} 2>&1 >/dev/null; echo $? >&4; } | true`;
    expect(execFileSync('sh', ['-c', script, LAUNCHER], { encoding: 'utf8' })).toBe(`${status}\n`);
  });
});

test('exits silently when its pipe is closed', () => {
  const command = `"$0" ls ${target} --ndjson 2>&1 | head -n 1`;
  const { stdout, status } = spawnSync('sh', ['-c', command, LAUNCHER], { encoding: 'utf8', timeout: 240_000 });
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

  test('a number that /proc does not have is in a recording unknown, too, and not 0', (context) => {
    if (why !== undefined) return context.skip(why);
    const pid = netns.run('sh', '-c', 'ss -tlnpH | sed -n "s/.*pid=\\([0-9]*\\).*/\\1/p" | head -n 1').trim();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'unknown-'));
    fs.chmodSync(folder, 0o777);
    const file = path.join(folder, 'user.slr');
    const options = ['--for', '300ms', '--interval', '100ms', '--no-stack'];
    const recorded = socklens(['record', `pid:${pid}`, '-o', file, ...options], env, asUser);
    const live = JSON.parse(socklens(['ls', `pid:${pid}`, '-t', 'state listening', '--json'], env, asUser).stdout);
    const replayed = JSON.parse(run('ls', '--from', file, '-t', 'state listening', '--json').stdout);
    fs.rmSync(folder, { recursive: true });
    expect(recorded.status).toBe(0);
    const numbers = ({ sockets }: { sockets: Record<string, unknown>[] }) =>
      sockets.map(({ local, receiveQueue, sendQueue, uid }) => ({ local, receiveQueue, sendQueue, uid }));
    // /proc/net/tcp has no limit of the accept queue: the column is 0 there.
    expect(live.sockets.every((socket: object) => !('sendQueue' in socket) && 'receiveQueue' in socket)).toBe(true);
    expect(numbers(replayed)).toEqual(expect.arrayContaining(numbers(live)));
    expect(replayed.sockets).toHaveLength(live.sockets.length);
    expect(live.sockets.length).toBeGreaterThan(0);
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

test('not Linux: one clear line of the checkout', () => {
  const { status, stderr } = spawnSync(
    'unshare',
    ['-m', 'sh', '-c', 'mount -t tmpfs x /proc && PATH="$1:$PATH" exec "$0" ps', CHECKOUT_LAUNCHER, fakeUname()],
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
