/**
 * Which capabilities each verb needs: root with exactly these sees everything of a container of another user, and with
 * one missing is told which. The table is that of `docs/permissions.md`.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CliResult, LAUNCHER, socklens } from '../support/cli.ts';
import { type RunningContainer, type TestEngine, testEngine } from '../support/engine.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { NO_OTHER_USER, otherUser } from '../support/other-user.ts';
import { TestTerminal } from '../support/terminal.ts';

/** Command prefix: root with these capabilities and no others, which no program regains. */
const onlyWith = (...names: readonly string[]) => {
  const bounding = ['-all', ...names.map((name) => `+${name}`)].join(',');
  return ['setpriv', '--no-new-privs', `--bounding-set=${bounding}`, '--inh-caps=-all', '--'];
};

/** Names of the capabilities in a text, as setpriv(1) spells them. */
const namedIn = (text: string) =>
  [...new Set(text.match(/\bCAP_[A-Z_]+/g) ?? [])].map((name) => name.slice('CAP_'.length).toLowerCase()).sort();

/** Whether the test itself has a capability: a runner without it cannot give it to others. */
const BITS = { sys_resource: 24n, net_admin: 12n } as const;
const isHeld = (name: keyof typeof BITS) => {
  const bits = /^CapBnd:\t([0-9a-f]+)$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${bits}`) >> BITS[name]) & 1n) === 1n;
};

const LOOK = ['sys_ptrace', 'sys_admin', 'dac_read_search'];
const PORT = 7001;

interface Verb {
  name: string;
  args: (target: string) => string[];
  /** What it needs for a complete answer. */
  needs: readonly string[];
  /** Capabilities without which it is refused, status 4; without the others the answer says what is missing. */
  refusedWithout?: readonly string[];
  /** Whether the complete answer has what the test set up. */
  isComplete: (answer: CliResult, server: RunningContainer) => boolean;
  status?: number;
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-capabilities-'));
let files = 0;
const newFile = (extension: string) => path.join(folder, `${files++}.${extension}`);

const VERBS: readonly Verb[] = [
  {
    name: 'ps',
    args: (target) => ['ps', target, '--json'],
    needs: ['sys_ptrace', 'sys_admin'],
    isComplete: ({ stdout }, { pid }) => {
      const [row] = JSON.parse(stdout).containers;
      return row.source === 'sock_diag' && row.sockets.byState.LISTEN === 1 && row.descriptors.pid === pid;
    },
  },
  {
    name: 'ls',
    args: (target) => ['ls', target, '-tlp', '--json'],
    needs: LOOK,
    isComplete: ({ stdout }, { pid }) => {
      const { source, sockets } = JSON.parse(stdout);
      return source === 'sock_diag' && sockets.length === 1 && sockets[0].processes[0].pid === pid;
    },
  },
  {
    name: 'netstat',
    args: (target) => ['netstat', target, '-tlnp'],
    // As netstat itself, it reads /proc/PID/net.
    needs: ['sys_ptrace', 'dac_read_search'],
    isComplete: ({ stdout }, { pid }) => new RegExp(`:::${PORT} .*LISTEN +${pid}/`).test(stdout),
  },
  {
    name: 'watch',
    args: (target) => ['watch', target, '--by', 'process', '--for', '1s', '--ndjson'],
    needs: LOOK,
    isComplete: ({ stdout }, { pid }) => stdout.includes(`{"key":{"process":"${pid}/`),
  },
  {
    name: 'events',
    args: (target) => ['events', target, '--for', '1s', '--ndjson'],
    needs: ['sys_ptrace', 'sys_admin'],
    refusedWithout: ['sys_ptrace', 'sys_admin'],
    isComplete: ({ stdout }) => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '').type === 'summary',
  },
  {
    name: 'limits',
    args: (target) => ['limits', target, '--json'],
    needs: ['sys_ptrace', 'dac_read_search'],
    isComplete: ({ stdout }, { pid }) => {
      const { mainPid, coverage } = JSON.parse(stdout);
      return mainPid === pid && coverage.complete;
    },
  },
  {
    // It looks into no container: it says what the other verbs lack.
    name: 'runtimes',
    args: () => ['runtimes', '--json'],
    needs: LOOK,
    isComplete: ({ stdout }) => {
      const { coverage, runtimes } = JSON.parse(stdout);
      const [{ state, containers }] = runtimes;
      return coverage.complete && state === 'running' && containers >= 2;
    },
  },
  {
    name: 'doctor',
    args: (target) => ['doctor', target, '--for', '1s', '--json'],
    needs: LOOK,
    isComplete: ({ stdout }) => JSON.parse(stdout).coverage.notes.length === 0,
  },
  {
    name: 'record',
    args: (target) => ['record', target, '--for', '1s', '-o', newFile('slr')],
    needs: LOOK,
    isComplete: ({ stderr }) => / samples, /.test(stderr),
  },
  {
    name: 'guard',
    args: (target) => ['guard', target, '--budget', 'state listen <= 1', '--', 'sleep', '1'],
    needs: LOOK,
    isComplete: ({ stderr }) => stderr.includes('held'),
  },
  {
    name: 'kill --dry-run',
    args: (target) => ['kill', target, 'state', 'listen', '--including-listeners', '--dry-run', '--json'],
    needs: LOOK,
    isComplete: ({ stdout }) => JSON.parse(stdout).descriptors.before === 1,
  },
];

const engine = testEngine();
const user = otherUser();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else if (user === undefined) test.skip(NO_OTHER_USER, () => {});
else describe('least capabilities', () => describeCapabilities(engine, String(user)));

function describeCapabilities(docker: TestEngine, uid: string): void {
  // Without eBPF, whose programs tell owners although /proc does not: what is missing is then the same on every kernel.
  const env = { DOCKER_HOST: docker.endpoint, SOCKLENS_BPF: 'off' };
  const run = (capabilities: readonly string[], args: readonly string[], more: Record<string, string> = {}) =>
    socklens(args, { ...env, ...more }, [...docker.asMachine, ...onlyWith(...capabilities)]);
  const script = `exec /bin/busybox nc -l -p ${PORT}`;
  let server: RunningContainer;
  let ofRoot: RunningContainer;
  const listensIn = ({ pid }: RunningContainer) => {
    // It ends when its listener is closed.
    const table = fs.existsSync(`/proc/${pid}/net`) ? fs.readFileSync(`/proc/${pid}/net/tcp6`, 'latin1') : '';
    return table.includes(`:${PORT.toString(16).toUpperCase()} `);
  };

  beforeAll(async () => {
    server = await docker.run({ script, user: uid });
    ofRoot = await docker.run({ script });
    await until('the listeners', () => listensIn(server) && listensIn(ofRoot));
  });
  afterAll(async () => {
    await docker.removeAll();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  describe.each(VERBS)('$name', ({ args, needs, refusedWithout = [], isComplete }) => {
    test(`with exactly ${needs.join(', ')}: complete, and nothing is said to be missing`, () => {
      const answer = run(needs, args(server.name));
      expect([answer.status, namedIn(answer.stderr + answer.stdout)]).toEqual([0, []]);
      expect(answer.stderr).not.toMatch(/not permitted|need to be root/);
      expect(isComplete(answer, server)).toBe(true);
    });

    test.each(needs)('without %s: it is named, and nothing that is held', (missing) => {
      const answer = run(
        needs.filter((name) => name !== missing),
        args(server.name),
      );
      const isRefused = refusedWithout.includes(missing);
      expect([answer.status, namedIn(answer.stderr + answer.stdout)]).toEqual([isRefused ? 4 : 0, [missing]]);
    });

    test('with none: all that is needed is named, or the first of it that refuses the verb', () => {
      const answer = run([], args(server.name));
      const named = namedIn(answer.stderr + answer.stdout);
      expect(answer.status).toBe(refusedWithout.length > 0 ? 4 : 0);
      expect(named.length).toBeGreaterThan(0);
      // Entering a namespace is only tried once it is open: CAP_SYS_ADMIN may not be named yet.
      for (const name of named) expect(needs).toContain(name);
    });
  });

  test('kill: NET_ADMIN closes, and is named where it is missing', async () => {
    const container = await docker.run({ script, user: uid });
    await until('its listener', () => listensIn(container));
    const args = ['kill', container.name, 'state', 'listen', '--including-listeners', '--yes'];
    const refused = run(LOOK, args);
    expect([refused.status, namedIn(refused.stdout + refused.stderr)]).toEqual([4, ['net_admin']]);
    expect(listensIn(container)).toBe(true);
    for (const missing of ['sys_ptrace', 'sys_admin']) {
      const others = [...LOOK, 'net_admin'].filter((name) => name !== missing);
      const outside = run(others, args);
      expect([outside.status, namedIn(outside.stderr)]).toEqual([4, [missing]]);
    }
    expect(listensIn(container)).toBe(true);
    const closed = run([...LOOK, 'net_admin'], args);
    expect([closed.status, namedIn(closed.stdout + closed.stderr)]).toEqual([0, []]);
    await until('the listener to be closed', () => !listensIn(container));
  });

  test('limits --set: none for a process of the same user, SYS_RESOURCE for another one or a higher hard limit', () => {
    const [soft = '', hard = ''] =
      /^Max open files +(\d+) +(\d+)/m.exec(fs.readFileSync(`/proc/${ofRoot.pid}/limits`, 'utf8'))?.slice(1) ?? [];
    const set = (target: string, value: string, capabilities: readonly string[] = []) =>
      run(capabilities, ['limits', target, '--set', `nofile=${value}`, '--yes']);
    expect(set(ofRoot.name, `${Number(soft) - 1}:${hard}`).status).toBe(0);
    expect(fs.readFileSync(`/proc/${ofRoot.pid}/limits`, 'utf8')).toMatch(
      new RegExp(`^Max open files +${Number(soft) - 1} `, 'm'),
    );
    for (const [target, value] of [
      [server.name, `${Number(soft) - 1}:${hard}`],
      [ofRoot.name, `${soft}:${Number(hard) + 1}`],
    ] as const) {
      const { status, stdout, stderr } = set(target, value, LOOK);
      expect([target, status, namedIn(stdout + stderr)]).toEqual([target, 4, ['sys_resource']]);
      if (isHeld('sys_resource')) expect(set(target, value, ['sys_resource']).status).toBe(0);
    }
  });

  test.each([
    ['sys_admin', ['sys_ptrace', 'dac_read_search']],
    ['sys_ptrace', ['sys_admin', 'dac_read_search']],
  ])('a filter on what /proc lacks, without %s: refused, never an empty answer', (missing, capabilities) => {
    const { status, stdout, stderr } = run(capabilities, ['ls', server.name, 'idle', '>', '5s']);
    expect([status, stdout, namedIn(stderr)]).toEqual([5, '', [missing]]);
  });

  test('a filter by fwmark takes NET_ADMIN', () => {
    const { status, stderr } = run(LOOK, ['ls', server.name, 'fwmark', '5']);
    expect([status, namedIn(stderr)]).toEqual([4, ['net_admin']]);
    expect(run([...LOOK, 'net_admin'], ['ls', server.name, '-t', 'fwmark', '5']).status).toBe(0);
  });

  test('eBPF: with SYS_ADMIN no further capability is asked for; without it BPF and PERFMON are named as the other way', () => {
    const withPrograms = { SOCKLENS_BPF: 'on' };
    const complete = run(LOOK, ['watch', server.name, '--for', '1s'], withPrograms);
    expect([complete.status, namedIn(complete.stderr)]).toEqual([0, []]);
    const without = run(['sys_ptrace', 'dac_read_search'], ['watch', server.name, '--for', '1s'], withPrograms);
    expect(without.status).toBe(0);
    const named = namedIn(without.stderr);
    expect(named).toContain('sys_admin');
    for (const name of named) expect(['sys_admin', 'bpf', 'perfmon']).toContain(name);
  });

  test.each([
    ['sys_admin', ['sys_ptrace', 'dac_read_search']],
    ['dac_read_search', ['sys_ptrace', 'sys_admin']],
  ])('top without %s says so on its screen', async (missing, capabilities) => {
    const terminal = await TestTerminal.start({ columns: 200, rows: 40 }, env);
    try {
      const words = [...docker.asMachine, ...onlyWith(...capabilities)];
      const prefix = words.map((word) => `'${word}'`).join(' ');
      terminal.run(`clear; ${prefix} ${LAUNCHER} top ${server.name}`);
      const lines = await terminal.until('the note', (seen) => namedIn(seen.join(' ')).length > 0);
      expect(namedIn(lines.slice(1).join(' '))).toEqual([missing]);
      expect(lines.join('\n')).toContain(server.name);
      terminal.press('q');
    } finally {
      terminal.close();
    }
  });
}

describe('lab', () => {
  test.each([
    [[], ['net_admin', 'sys_admin']],
    [['sys_admin'], ['net_admin']],
    [['net_admin'], ['sys_admin']],
  ])('with %j: refused, and what is missing is named', (held, missing) => {
    const { status, stderr } = socklens(['lab'], {}, onlyWith(...held));
    expect([status, namedIn(stderr)]).toEqual([4, missing]);
  });
});

describe('a named namespace', () => {
  let netns: TestNetns;
  const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock', SOCKLENS_BPF: 'off' };
  const run = (capabilities: readonly string[], args: readonly string[]) =>
    socklens(args, env, onlyWith(...capabilities));

  beforeAll(async () => {
    netns = createNetns();
    netns.spawn('/bin/busybox', ['nc', '-l', '-p', String(PORT)], { stdio: 'ignore' });
    await until('its listener', () => netns.run('ss', '-tlnH').includes(`:${PORT}`));
  });
  afterAll(() => netns?.remove());

  test.each([
    ['ps', (name: string) => ['ps', name]],
    ['watch', (name: string) => ['watch', name, '--for', '1s']],
    ['doctor', (name: string) => ['doctor', name, '--for', '1s', '--json']],
  ])('%s without SYS_PTRACE: its sockets, and that its processes are not known', (_verb, args) => {
    const { status, stdout, stderr } = run(['sys_admin', 'dac_read_search'], args(`netns:${netns.name}`));
    expect(status).toBe(0);
    expect(stdout + stderr).toMatch(/which processes are in a named namespace is not known: CAP_SYS_PTRACE is missing/);
    expect(namedIn(stdout + stderr)).toEqual(['sys_ptrace']);
  });

  test.each([
    ['ls', (name: string) => ['ls', name]],
    ['ps', (name: string) => ['ps', name]],
    ['watch', (name: string) => ['watch', name, '--for', '1s']],
    ['doctor', (name: string) => ['doctor', name, '--for', '1s']],
    ['record', (name: string) => ['record', name, '--for', '1s', '-o', newFile('slr')]],
    ['guard', (name: string) => ['guard', name, '--budget', 'all <= 9', '--', 'true']],
    ['events', (name: string) => ['events', name, '--for', '1s']],
  ])('%s with nothing: refused, never an empty answer', (_verb, args) => {
    const { status, stdout, stderr } = run([], args(`netns:${netns.name}`));
    expect([status, stdout]).toEqual([4, '']);
    expect(namedIn(stderr)).toEqual(['sys_admin']);
  });

  // A sidecar: its namespace is the one that socklens runs in.
  test.each([
    ['ls', ['ls', 'host', '-tlp', '--json']],
    ['events', ['events', 'host', '--for', '1s']],
    ['doctor', ['doctor', 'host', '--for', '1s', '--json']],
  ])('%s of the own namespace: SYS_PTRACE alone', (_verb, args) => {
    const inside = ['nsenter', `--net=${netns.path}`, 'unshare', '--pid', '--fork', '--mount-proc'];
    const server = ['sh', '-c', `/bin/busybox nc -l -p 7002 & "$@"; status=$?; kill $!; exit $status`, 'sh'];
    const answer = socklens(args, env, [...inside, ...server, ...onlyWith('sys_ptrace')]);
    expect([answer.status, namedIn(answer.stdout + answer.stderr)]).toEqual([0, []]);
    if (args[0] === 'ls') {
      const { source, sockets } = JSON.parse(answer.stdout);
      expect(source).toBe('sock_diag');
      const own = sockets.find(({ local }: { local: { port: number } }) => local.port === 7002);
      expect(own.processes).toMatchObject([{ name: 'busybox' }]);
    }
  });
});
