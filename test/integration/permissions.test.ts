/** What is missing to a user, said once: as an ordinary user, and as root without some capabilities. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { ownerPass } from '../../src/collect/owners/owner-pass.ts';
import { socklens } from '../support/cli.ts';
import { type RunningContainer, type TestEngine, testEngine } from '../support/engine.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { NO_OTHER_USER, otherUser } from '../support/other-user.ts';
import { listeners } from '../support/recipes/tcp-opening.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const NOT_ROOT = 'socklens: not root: owners and TCP details are hidden; run with sudo\n';

/** Without an Engine, so that the machine's containers have no effect. */
const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };
const user = otherUser();
const asUser = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--inh-caps=-all'];
const without = (...names: string[]) => {
  const dropped = names.map((name) => `-${name}`).join(',');
  return ['setpriv', `--bounding-set=${dropped}`, `--inh-caps=${dropped}`, '--'];
};

/** The user's own folder. */
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-permissions-'));
if (user !== undefined) fs.chownSync(folder, user, user);

let netns: TestNetns;
let empty: TestNetns;
let pid: number;

beforeAll(async () => {
  netns = createNetns();
  empty = createNetns();
  await listeners({ netns, workshop: await Workshop.start(netns) });
  pid = Number(netns.run('sh', '-c', 'ss -tlnpH | sed -n "s/.*pid=\\([0-9]*\\).*/\\1/p" | head -n 1').trim());
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
  netns?.remove();
  empty?.remove();
});

/** Those lines of stderr that are about permissions. */
const about = (stderr: string) => stderr.split('\n').filter((line) => /CAP_|not permitted|root|sudo/.test(line));

describe.skipIf(user === undefined)(`an ordinary user${user === undefined ? ` (${NO_OTHER_USER})` : ''}`, () => {
  test.each([
    ['ls', () => ['ls', `pid:${pid},host`, '-tp']],
    ['ls --by', () => ['ls', `pid:${pid},host`, '--by', 'process']],
    ['ps', () => ['ps', '--all']],
    ['watch', () => ['watch', `pid:${pid},host`, '--for', '2s', '--interval', '500ms']],
    ['watch of the own namespace', () => ['watch', 'host', '--by', 'process', '--for', '2s']],
    ['events', () => ['events', 'host', '--for', '2s']],
    ['record', () => ['record', 'host', '-o', path.join(folder, 'own.slr'), '--for', '2s']],
    ['limits', () => ['limits', `pid:${pid}`]],
  ])('%s: one line says what root would add', (_name, args) => {
    const { status, stderr } = socklens(args(), env, asUser);
    expect([status, about(stderr)]).toEqual([0, [NOT_ROOT.trimEnd()]]);
  });

  test('doctor: one note', () => {
    const { stdout } = socklens(['doctor', `pid:${pid},host`, '--for', '2s', '--json'], env, asUser);
    const { notes } = JSON.parse(stdout).coverage;
    expect(`socklens: ${about(notes.join('\n')).join('\n')}\n`).toBe(NOT_ROOT);
  });

  test('ps: ? where nothing could be seen, null in JSON, and what can be seen is there', () => {
    const table = socklens(['ps', '--all'], env, asUser).stdout.split('\n');
    const line = table.find((one) => one.startsWith(`netns:${empty.name} `))?.split(/\s+/) ?? [];
    expect(line.slice(1)).toEqual(['netns', '?', '?', '?', '?', '?', '?', '?', '?', '-', '']);
    const document = JSON.parse(socklens(['ps', '--all', '--json'], env, asUser).stdout);
    const rowOf = (name: string) => document.containers.find((row: { name: string }) => row.name === name);
    expect(rowOf(`netns:${empty.name}`)).toMatchObject({ sockets: null, netns: fs.statSync(empty.path).ino });
    expect(document.coverage.complete).toBe(false);
    const listening = netns.run('ss', '-tlnH').trim().split('\n').length;
    const seen = document.containers.find((row: { pid?: number }) => row.pid !== undefined && sameNetns(row.pid));
    expect(seen.sockets.byState.LISTEN).toBe(listening);
  });

  test('JSON: no number for a namespace whose inode may not be read, rather than a negative one', () => {
    for (const args of [
      ['ls', `pid:${pid}`, '--json'],
      ['ls', `pid:${pid}`, '--ndjson'],
      ['ls', `pid:${pid}`, '--by', 'state', '--json'],
      ['limits', `pid:${pid}`, '--json'],
      ['kill', `pid:${pid}`, 'state', 'listen', '--dry-run', '--json'],
      ['ps', '--all', '--json'],
      ['ps', '--all', '--ndjson'],
    ]) {
      const { stdout } = socklens(args, env, asUser);
      expect([args, stdout.length > 0, /"netns":-/.exec(stdout)]).toEqual([args, true, null]);
    }
    expect(JSON.parse(socklens(['ls', `pid:${pid}`, '--json'], env).stdout).target.netns).toBe(
      fs.statSync(`/proc/${pid}/ns/net`).ino,
    );
  });

  function sameNetns(other: number): boolean {
    // Processes of other tests come and go.
    const found = fs.statSync(`/proc/${other}/ns/net`, { throwIfNoEntry: false });
    return found !== undefined && found.ino === fs.statSync(`/proc/${pid}/ns/net`).ino;
  }
});

describe('root', () => {
  test('is told of no missing capability that it has', () => {
    for (const args of [
      ['ps', '--all'],
      ['ls', `pid:${pid},host`, '-tp'],
      ['limits', `pid:${pid}`],
    ]) {
      expect([args, about(socklens(args, env).stderr)]).toEqual([args, []]);
    }
  });

  test('without CAP_SYS_PTRACE: that capability alone is named, once for all targets', () => {
    const { status, stderr } = socklens(
      ['ls', `pid:${pid},netns:${netns.name},pid:1`, '-t'],
      env,
      without('sys_ptrace'),
    );
    expect(status).toBe(0);
    expect(about(stderr).join('\n')).toMatch(/^.*CAP_SYS_PTRACE is missing$/);
  });

  test('without CAP_SYS_ADMIN: that capability alone is named', () => {
    const { stderr } = socklens(['ls', `pid:${pid}`, '-t'], env, without('sys_admin'));
    expect(about(stderr)).toEqual([
      'socklens: read from /proc/PID/net, without TCP details: setns is not permitted: CAP_SYS_ADMIN is missing',
    ]);
  });

  test.skipIf(user === undefined)(
    "without CAP_DAC_READ_SEARCH: another user's process is found by eBPF; where that is not permitted, it is named",
    async () => {
      const program = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--'];
      const server = netns.spawn(program[0] ?? '', [...program.slice(1), '/bin/busybox', 'nc', '-l', '-p', '4567'], {
        stdio: 'ignore',
      });
      await until('its listener', () => netns.run('ss', '-tlnH').includes(':4567'));
      const { stdout, stderr } = socklens(
        ['ls', `netns:${netns.name}`, '-tp', 'sport', '4567'],
        env,
        without('dac_read_search', 'dac_override'),
      );
      const json = socklens(
        ['ls', `netns:${netns.name}`, '-t', '--json'],
        env,
        without('dac_read_search', 'dac_override'),
      );
      server.kill();
      const pass = ownerPass(localMachine({}));
      expect(JSON.parse(json.stdout).owners).toEqual(
        typeof pass === 'string' ? { source: 'procfs', reason: pass } : { source: 'bpf_iter' },
      );
      const [note, ...others] = about(stderr);
      expect(others).toEqual([]);
      if (typeof pass !== 'string') {
        expect(note).toBeUndefined();
        expect(stdout).toContain(`${server.pid}/`);
        return;
      }
      expect(note).toContain('busybox');
      expect(note).toMatch(/have no owner here: CAP_DAC_READ_SEARCH is missing$/);
    },
  );
});

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else if (user !== undefined) describe('a user in the group of the Engine', () => describeGroup(engine));

function describeGroup(docker: TestEngine): void {
  const socket = docker.endpoint.slice('unix://'.length);
  let prefix: string[];
  let web: RunningContainer;
  let sidecar: RunningContainer;

  beforeAll(async () => {
    // The folder of a private Engine is closed to others.
    if (docker.hostPid !== process.pid) fs.chmodSync(path.dirname(socket), 0o711);
    prefix = [
      ...docker.asMachine,
      ...['setpriv', `--reuid=${user}`, `--regid=${user}`, `--groups=${fs.statSync(socket).gid}`, '--inh-caps=-all'],
    ];
    web = await docker.run({ script: 'exec /bin/busybox nc -l -p 8080' });
    sidecar = await docker.run({ script: 'exec /bin/busybox sleep 1000000', network: `container:${web.name}` });
    await until('the listener', () => fs.readFileSync(`/proc/${web.pid}/net/tcp6`, 'latin1').includes(':1F90 '));
  });
  afterAll(() => docker.removeAll());

  const cli = (...args: string[]) => socklens(args, { DOCKER_HOST: docker.endpoint }, prefix);

  test('ps: one line, and no zeros for containers that share a namespace', () => {
    const { status, stdout, stderr } = cli('ps');
    // Containers of other tests may stop meanwhile.
    expect([status, about(stderr)]).toEqual([0, [NOT_ROOT.trimEnd()]]);
    for (const { name } of [web, sidecar]) {
      const cells = stdout
        .split('\n')
        .find((line) => line.startsWith(name))
        ?.split(/\s+/);
      expect(cells?.slice(1, 10)).toEqual(['docker', ...Array(8).fill('?')]);
    }
    const { containers } = JSON.parse(cli('ps', '--json').stdout);
    const ofBoth = containers.filter(({ name }: { name: string }) => name === web.name || name === sidecar.name);
    expect(ofBoth.map(({ sockets }: { sockets: unknown }) => sockets)).toEqual([null, null]);
    expect(JSON.stringify(containers)).not.toContain('"netns":-');
  });

  test.each([
    ['ls', (name: string) => ['ls', name]],
    ['ls --by', (name: string) => ['ls', name, '--by', 'state']],
    ['watch', (name: string) => ['watch', name, '--for', '1s']],
    ['doctor', (name: string) => ['doctor', name, '--for', '1s']],
    ['kill', (name: string) => ['kill', name, 'state listening', '--yes']],
  ])('%s of one that shares its namespace: refused, for none of its sockets can be told', (_verb, args) => {
    const { status, stdout, stderr } = cli(...args(web.name));
    expect([status, stdout]).toEqual([4, '']);
    expect(stderr).toBe(
      `socklens: ${web.name}: in a shared network namespace whose sockets cannot be attributed (${NOT_ROOT.slice('socklens: '.length).trimEnd()}); --netns shows those of all\n`,
    );
  });

  test('among others: it alone is left out, and a note says so', async () => {
    const other = await docker.run({ script: 'exec /bin/busybox nc -l -p 8081' });
    await until('the listener', () => fs.readFileSync(`/proc/${other.pid}/net/tcp6`, 'latin1').includes(':1F91 '));
    for (const args of [
      ['ls', web.name, other.name, '--by', 'state'],
      ['watch', `${web.name},${other.name}`, '--for', '1s'],
    ]) {
      const { status, stdout, stderr } = cli(...args);
      expect(status).toBe(0);
      expect(stdout).toContain('1');
      expect(stderr).toContain(`${web.name}: in a shared network namespace whose sockets cannot be attributed`);
    }
  });

  test('what is offered instead: all of the namespace', () => {
    const { status, stdout } = cli('ls', web.name, '--netns', '--json');
    const { sockets } = JSON.parse(stdout) as { sockets: { local: { port: number } }[] };
    expect([status, sockets.map(({ local }) => local.port)]).toEqual([0, [8080]]);
  });

  test('doctor and ls of all: one note', () => {
    // Containers of other tests may stop meanwhile, or be on the host's network.
    const isOwn = (line: string) => !line.includes('cannot be attributed');
    const lines = about(cli('ls', 'all', '-tp').stderr);
    expect(lines.filter(isOwn)).toEqual([NOT_ROOT.trimEnd()]);
    expect(lines.length).toBeLessThanOrEqual(2);
    const { notes } = JSON.parse(cli('doctor', '--for', '2s', '--json').stdout).coverage;
    expect(notes.filter(isOwn).filter((note: string) => /CAP_|permitted|root/.test(note))).toEqual([
      NOT_ROOT.slice(10, -1),
    ]);
  });
}
