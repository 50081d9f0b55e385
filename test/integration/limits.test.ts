/** `socklens limits` on real processes, against the shell's ulimit, prlimit and the descriptors that the test opened. */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setNofile } from '../../src/act/set-limits.ts';
import { localMachine } from '../../src/collect/local-machine.ts';
import { scanDescriptors } from '../../src/collect/owners/descriptor-kinds.ts';
import { readProcessFacts } from '../../src/collect/owners/process-facts.ts';
import type { LimitsReport } from '../../src/model/report/limits-report.ts';
import type { SetReport } from '../../src/model/report/set-report.ts';
import { LAUNCHER, socklens } from '../support/cli.ts';
import { createNetns, nodeProgram, type TestNetns, until } from '../support/netns.ts';
import { NO_OTHER_USER, otherUser } from '../support/other-user.ts';
import { AF, OPT, SHUT, SOCK } from '../support/recipes/constants.ts';
import { Workshop } from '../support/recipes/workshop.ts';

/** No Engine is asked. */
const env = { DOCKER_HOST: 'unix:///nonexistent' };

function report(...args: string[]): LimitsReport {
  const { status, stdout, stderr } = socklens(['limits', ...args, '--json'], env);
  if (status !== 0) throw new Error(`${status} ${stderr}`);
  return JSON.parse(stdout) as LimitsReport;
}

function set(target: string, setting: string): { status: number | null; document: SetReport; stderr: string } {
  const { status, stdout, stderr } = socklens(['limits', target, '--set', setting, '--yes', '--json'], env);
  return { status, document: JSON.parse(stdout || '{"processes":[]}') as SetReport, stderr };
}

/** Open files of a process as prlimit(1) sees them. */
function prlimit(pid: number): string {
  return execFileSync('prlimit', ['--pid', String(pid), '--nofile', '--noheadings', '--raw', '-o', 'SOFT,HARD'], {
    encoding: 'utf8',
  })
    .trim()
    .replace(/\s+/, ':');
}

/** How many descriptors a process has, by listing them. */
function descriptorsOf(pid: number): number {
  return fs.readdirSync(`/proc/${pid}/fd`).length;
}

/** Whether this process may raise hard limits: CAP_SYS_RESOURCE is bit 24. */
const mayRaise =
  ((BigInt(`0x${/^CapEff:\t(\w+)$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1]}`) >> 24n) & 1n) === 1n;

/** Processes that the tests started. */
const started: (() => void)[] = [];
afterAll(() => {
  for (const end of started) end();
});

/** A shell with limits of its own, which becomes `sleep`. */
async function sleeper(limits: string, uid?: number): Promise<number> {
  const child = spawn('bash', ['-c', `${limits}; exec sleep 1000000`], { stdio: 'ignore', ...(uid && { uid }) });
  started.push(() => child.kill('SIGKILL'));
  const pid = child.pid ?? 0;
  await until('sleep', () => fs.readlinkSync(`/proc/${pid}/exe`).endsWith('sleep'));
  return pid;
}

describe('limits: limits and use of a process', () => {
  test('every line of ulimit -a, soft and hard', async () => {
    const limits = 'ulimit -Sn 64; ulimit -Hn 128; ulimit -c 0; ulimit -Sf 1000; ulimit -t 9999';
    const pid = await sleeper(limits);
    const [group] = report(`pid:${pid}`).groups;
    const shell = (hard: boolean) =>
      execFileSync('bash', ['-c', `${limits}; ulimit -a${hard ? 'H' : 'S'}`], { encoding: 'utf8' });
    for (const half of ['soft', 'hard'] as const) {
      const flags: string[] = [];
      for (const line of shell(half === 'hard')
        .trim()
        .split('\n')) {
        const match = /^(.+?)\s+\((?:([\w -]+), )?(-\w)\) (\S+)$/.exec(line);
        const [, , unit = '', flag = '', value = ''] = match ?? [];
        // A constant of the kernel that no process can change.
        if (flag === '-p') continue;
        flags.push(flag);
        const row = group?.limits.find((one) => one.flag === flag);
        const factor = unit === 'kbytes' ? 1024 : unit === 'blocks' ? 1024 : 1;
        const mine = row?.[half] ?? Number.POSITIVE_INFINITY;
        expect([line, Number.isFinite(mine) ? String(Math.floor(mine / factor)) : 'unlimited']).toEqual([line, value]);
      }
      expect(flags.sort()).toEqual(group?.limits.map(({ flag }) => flag).sort());
    }
  });

  test('text: the same rows within the given width, and how to change the limit here', async () => {
    const pid = await sleeper('ulimit -Sn 64; ulimit -Hn 128');
    const { status, stdout, stderr } = socklens(['limits', `pid:${pid}`], env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const open = descriptorsOf(pid);
    const share = Math.floor((open * 100) / 64);
    expect(stdout).toMatch(new RegExp(`^open files +-n +64 +128 +descriptors +${open} +${share}%`, 'm'));
    expect(stdout).toContain(`main process ${pid} (sleep)`);
    expect(stdout).toMatch(/^To set it permanently here /m);
    expect(stdout).toContain('sleep does not change it');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(stdout).not.toMatch(/\x1b/);
  });

  test('several targets: a report for each, with --ndjson one a line', async () => {
    const pids = [await sleeper(':'), await sleeper(':')];
    const target = pids.map((pid) => `pid:${pid}`).join(',');
    const { stdout } = socklens(['limits', target, '--ndjson'], env);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => [line.type, line.schema, line.mainPid])).toEqual(pids.map((pid) => ['limits', 1, pid]));
    const { targets } = JSON.parse(socklens(['limits', target, '--json'], env).stdout);
    expect(targets).toHaveLength(2);
  });

  test('host: the limits of PID 1, with a note', () => {
    const { status, stdout, stderr } = socklens(['limits', 'host', '--json'], env);
    expect(status).toBe(0);
    expect(stderr).toContain('PID 1 of the host');
    const host = JSON.parse(stdout) as LimitsReport;
    const limits = fs.readFileSync('/proc/1/limits', 'latin1');
    const [, soft, hard] = /^Max open files +(\d+) +(\d+)/m.exec(limits) ?? [];
    const nofile = host.groups[0]?.limits.find(({ name }) => name === 'nofile');
    expect([nofile?.soft, nofile?.hard]).toEqual([Number(soft), Number(hard)]);
  });

  test('a runtime that raises its soft limit itself is named with the raised limit', async () => {
    const script = `ulimit -Sn 64; ulimit -Hn 4096; exec ${nodeProgram()} -e 'console.log(1); setInterval(() => {}, 1e6)'`;
    const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(() => child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const limits = report(`pid:${child.pid}`);
    expect(limits.processes[0]?.program).toMatchObject({ name: 'Node.js', raisesSoftLimit: true });
    expect(limits.groups[0]?.limits.find(({ name }) => name === 'nofile')).toMatchObject({ soft: 4096, hard: 4096 });
  });

  test('a program that is started by a link has the name of the link, as ps -o comm says', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-link-'));
    started.push(() => fs.rmSync(folder, { recursive: true, force: true }));
    fs.copyFileSync(fs.realpathSync('/bin/sleep'), path.join(folder, 'queue-check'));
    fs.symlinkSync('queue-check', path.join(folder, 'queue-server'));
    const child = spawn(path.join(folder, 'queue-server'), ['1000000'], { stdio: 'ignore' });
    started.push(() => child.kill('SIGKILL'));
    const pid = child.pid ?? 0;
    await until('the program', () => fs.readlinkSync(`/proc/${pid}/exe`).endsWith('queue-check'));
    const name = execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    expect(name).toBe('queue-server');
    expect(report(`pid:${pid}`).processes[0]).toMatchObject({ name, program: { name } });
  });

  test('a namespace: all processes in it; one without processes is status 3', async () => {
    const netns = createNetns();
    started.push(() => netns.remove());
    expect(socklens(['limits', `netns:${netns.name}`], env).status).toBe(3);
    const child = netns.spawn('sleep', ['1000000'], { stdio: 'ignore' });
    await until('its process', () => fs.readlinkSync(`/proc/${child.pid}/exe`).endsWith('sleep'));
    expect(report(`netns:${netns.name}`).processes.map(({ pid }) => pid)).toEqual([child.pid]);
  });

  const uid = otherUser();
  test.skipIf(uid === undefined)(
    `without privileges: the limits, and a note about the rest${uid === undefined ? ` (${NO_OTHER_USER})` : ''}`,
    async () => {
      const pid = await sleeper('ulimit -Sn 64; ulimit -Hn 128');
      const { status, stdout, stderr } = socklens(['limits', `pid:${pid}`, '--json'], env, [
        'setpriv',
        `--reuid=${uid}`,
        `--regid=${uid}`,
        '--clear-groups',
        '--inh-caps=-all',
      ]);
      expect([status, stderr]).toEqual([0, 'socklens: not root: owners and TCP details are hidden; run with sudo\n']);
      const limits = JSON.parse(stdout) as LimitsReport;
      expect(limits.coverage.complete).toBe(false);
      expect(limits.coverage.notes).toContain('not root: owners and TCP details are hidden; run with sudo');
      expect(limits.groups[0]?.limits.find(({ name }) => name === 'nofile')).toMatchObject({ soft: 64, hard: 128 });
      // Since Linux 6.2 everybody may count them.
      expect(limits.processes[0]?.descriptors?.byKind).toBeUndefined();
    },
  );

  test('a process that does not exist is status 3', () => {
    expect(socklens(['limits', `pid:${2 ** 22 + 1}`], env).status).toBe(3);
  });
});

describe('limits: descriptors by kind', () => {
  let netns: TestNetns;
  let workshop: Workshop;
  let folder: string;
  beforeAll(async () => {
    netns = createNetns();
    workshop = await Workshop.start(netns);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'descriptors-'));
  });
  afterAll(async () => {
    await workshop?.stop();
    netns?.remove();
    fs.rmSync(folder, { recursive: true });
  });

  const byKind = (pid: number, target = `pid:${pid}`) =>
    report(target).processes.find((process) => process.pid === pid)?.descriptors;

  test('files, pipes, eventfds, timers and other descriptors that are no sockets', async () => {
    const script = path.join(import.meta.dirname, '../support/recipes/descriptors-main.ts');
    const start = (...args: string[]) => {
      const child = spawn(nodeProgram(), ['--disable-warning=ExperimentalWarning', ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      started.push(() => child.kill('SIGKILL'));
      return new Promise<{ pid: number; line: string }>((resolve) => {
        child.stdout.once('data', (data) => resolve({ pid: child.pid ?? 0, line: String(data) }));
      });
    };
    const bare = await start('-e', 'console.log("{}"); setInterval(() => {}, 1e6)');
    const full = await start(script, folder);
    const opened = JSON.parse(full.line) as Record<string, number>;
    const before = byKind(bare.pid)?.byKind ?? {};
    const after = byKind(full.pid);
    for (const kind of ['timerfd', 'signalfd', 'inotify', 'memory', 'deleted', 'file'] as const) {
      expect([kind, (after?.byKind?.[kind] ?? 0) - (before[kind] ?? 0)]).toEqual([kind, opened[kind]]);
    }
    const total = Object.values(after?.byKind ?? {}).reduce((sum, count) => sum + count, 0);
    expect(total).toBe(fs.readdirSync(`/proc/${full.pid}/fd`).length);
    expect(after?.used).toBe(total);
  });

  test('sockets by protocol; those without an entry in any table apart', async () => {
    const before = byKind(workshop.pid)?.byKind ?? {};
    const listener = await workshop.tcpListener('127.0.0.1');
    await workshop.tcpPair(listener);
    // In no table of /proc/net: never bound, also UDP; reset by the peer and not closed; finished by both sides and not closed.
    await workshop.socket(AF.INET, SOCK.STREAM);
    await workshop.socket(AF.INET6, SOCK.DGRAM);
    const reset = await workshop.tcpPair(listener);
    await workshop.setsockopt(reset.client, OPT.SOL_SOCKET, OPT.SO_LINGER, 1, 0);
    await workshop.close(reset.client);
    const over = await workshop.tcpPair(listener);
    await workshop.shutdown(over.client, SHUT.WR);
    await workshop.shutdown(over.server, SHUT.WR);
    // Every one of these is in a table.
    await workshop.bind(await workshop.socket(AF.INET, SOCK.DGRAM), { host: '127.0.0.1', port: 0 });
    await workshop.unix(SOCK.STREAM);
    const inTables = () =>
      netns
        .run('ss', '-tuaneH')
        .split('\n')
        .flatMap((line) => /ino:(\d+)/.exec(line)?.[1] ?? []);
    const mine = () =>
      fs
        .readdirSync(`/proc/${workshop.pid}/fd`)
        .flatMap((fd) => /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${workshop.pid}/fd/${fd}`))?.[1] ?? []);
    // FIN_WAIT2 and LAST_ACK pass: the passive side is over at once, the active one in TIME_WAIT.
    await until('both sides to be over', async () => {
      const inodes = [await workshop.inode(over.client), await workshop.inode(over.server)].map(String);
      return inodes.every((inode) => !inTables().includes(inode));
    });
    const { byKind: after = {}, zombies } = byKind(workshop.pid) ?? {};
    const grown = (kind: 'tcp' | 'udp' | 'unix' | 'zombie') => (after[kind] ?? 0) - (before[kind] ?? 0);
    expect({ tcp: grown('tcp'), udp: grown('udp'), unix: grown('unix') }).toEqual({ tcp: 3, udp: 1, unix: 1 });
    expect(zombies).toEqual({ TCP: 4, UDPv6: 1 });
    // As ss sees it from outside; UNIX sockets are in a table of their own.
    const unshown = mine().filter((inode) => !inTables().includes(inode));
    expect(after.zombie).toBe(unshown.length - (after.unix ?? 0) - (after.otherSocket ?? 0));
    expect(socklens(['limits', `pid:${workshop.pid}`], env).stdout).toMatch(
      /5 sockets that no table shows \((TCP 4, UDPv6 1|UDPv6 1, TCP 4)\)/,
    );
  });

  test('sockets of another namespace or of another family are not counted as unlisted', async () => {
    const inside = await Workshop.start(netns);
    started.push(() => void inside.stop());
    const { port } = await inside.tcpListener('127.0.0.1');
    await inside.socket(AF_NETLINK, SOCK.RAW);
    await inside.socket(AF_PACKET, SOCK.RAW);
    const kinds = byKind(inside.pid);
    expect(kinds?.byKind?.zombie).toBeUndefined();
    expect(kinds?.byKind?.otherSocket).toBe(2);
    const other = createNetns();
    started.push(() => other.remove());
    // A process that lives in one namespace and holds a socket of another, as socket activation makes them.
    const script = `exec nsenter --net=${netns.path} bash -c 'exec 9<>/dev/tcp/127.0.0.1/${port}; exec nsenter --net=${other.path} sleep 1000000'`;
    const holder = spawn('bash', ['-c', script], { stdio: 'ignore' });
    started.push(() => holder.kill('SIGKILL'));
    const pid = holder.pid ?? 0;
    await until('sleep with the socket', () => {
      const exe = fs.readlinkSync(`/proc/${pid}/exe`);
      return exe.endsWith('sleep') && fs.existsSync(`/proc/${pid}/fd/9`);
    });
    expect(fs.statSync(`/proc/${pid}/ns/net`).ino).toBe(other.inode);
    expect(byKind(pid)?.byKind).toMatchObject({ tcp: 1 });
    expect(byKind(pid)?.byKind).not.toHaveProperty('zombie');
  });

  test('growth over time by kind, and when the limit will be reached', async () => {
    const child = spawn(
      'bash',
      // One more every 100 ms during the test.
      [
        '-c',
        'ulimit -n 1024; n=10; while [ $n -lt 900 ]; do eval "exec $n</dev/null"; n=$((n+1)); read -t 0.1 <> <(:); done',
      ],
      { stdio: 'ignore' },
    );
    started.push(() => child.kill('SIGKILL'));
    const pid = child.pid ?? 0;
    await until('its growth', () => fs.readdirSync(`/proc/${pid}/fd`).length > 8);
    const watched = report(`pid:${pid}`, '--for', '1500ms', '--interval', '200ms');
    expect(watched.lookedMs).toBeGreaterThanOrEqual(1500);
    const [use] = watched.processes;
    expect(use?.descriptors?.perMinute).toBeGreaterThan(0);
    expect(use?.descriptors?.change?.device).toBeGreaterThan(0);
    const { used = 0, perMinute = 1, limitReachedInMs = 0 } = use?.descriptors ?? {};
    // The slope is rounded to a tenth.
    expect(limitReachedInMs / 60_000).toBeCloseTo((1024 - used) / perMinute, 0);
  });

  test('a scan counts all descriptors of a process, and is absent for one that does not exist', () => {
    const machine = localMachine(env);
    const scan = scanDescriptors(machine, process.pid);
    // Listing opens one more.
    expect(scan?.total).toBeGreaterThan(3);
    expect(scanDescriptors(machine, 2 ** 22 + 1)).toBeUndefined();
  });
});

const AF_NETLINK = 16;
const AF_PACKET = 17;

describe('limits --set', () => {
  test('raises the soft limit up to the hard one, which stays', async () => {
    const pid = await sleeper('ulimit -Sn 64; ulimit -Hn 128');
    const { status, document } = set(`pid:${pid}`, 'nofile=100');
    expect(status).toBe(0);
    expect(document.processes).toEqual([
      expect.objectContaining({
        pid,
        name: 'sleep',
        before: { soft: 64, hard: 128 },
        after: { soft: 100, hard: 128 },
        outcome: 'changed',
      }),
    ]);
    expect(prlimit(pid)).toBe('100:128');
    expect(set(`pid:${pid}`, 'nofile=100').document.processes[0]?.outcome).toBe('unchanged');
    // Lowering is for everybody.
    expect(set(`pid:${pid}`, 'nofile=50:60').status).toBe(0);
    expect(prlimit(pid)).toBe('50:60');
  });

  test('text: the limit before and after, which limits it reaches at once, and how to make it permanent', async () => {
    const pid = await sleeper('ulimit -Sn 64; ulimit -Hn 128');
    const { status, stdout } = socklens(['limits', `pid:${pid}`, '--set', 'nofile=2', '--yes'], env);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^ *${pid} +sleep +${descriptorsOf(pid)} +64:128 +2:128$`, 'm'));
    expect(stdout).toContain('takes effect now');
    expect(stdout).toContain('not affected');
    expect(stdout).toContain(`${descriptorsOf(pid)} descriptors, more than 2`);
    expect(stdout).toContain('--nofile=2:128 ');
    expect(stdout).toMatch(new RegExp(`^ *${pid} +sleep +64:128 +2:128 +changed$`, 'm'));
    expect(stdout).toContain('To keep it after a restart');
  });

  test('raises the hard limit with CAP_SYS_RESOURCE; without, the refusal names that capability', async () => {
    const pid = await sleeper('ulimit -Sn 64; ulimit -Hn 128');
    const { status, document, stderr } = set(`pid:${pid}`, 'nofile=200');
    if (mayRaise) {
      expect(status).toBe(0);
      expect(prlimit(pid)).toBe('200:200');
      return;
    }
    expect(status).toBe(4);
    expect(stderr).toContain('raising the hard limit from 128 to 200 needs CAP_SYS_RESOURCE');
    expect(stderr).toContain(`1 of 1 not set (${pid}/sleep)`);
    expect(document.processes[0]).toMatchObject({ outcome: 'refused', before: { soft: 64, hard: 128 } });
    expect(prlimit(pid)).toBe('64:128');
    // As text: refused before a plan is shown.
    const asText = socklens(['limits', `pid:${pid}`, '--set', 'nofile=200', '--yes'], env);
    expect(asText).toEqual({ status: 4, stdout: '', stderr });
  });

  const uid = otherUser();
  test.skipIf(uid === undefined || mayRaise)(
    `another user's process${uid === undefined ? ` (${NO_OTHER_USER})` : ''}`,
    async () => {
      const pid = await sleeper('ulimit -Sn 64; ulimit -Hn 128', uid);
      const { status, stderr } = set(`pid:${pid}`, 'nofile=100');
      expect(status).toBe(4);
      expect(stderr).toContain('CAP_SYS_RESOURCE');
      // As text: refused before a plan is shown, and without a question.
      const asText = socklens(['limits', `pid:${pid}`, '--set', 'nofile=100', '--yes'], env);
      expect(asText).toEqual({ status: 4, stdout: '', stderr });
      expect(fs.readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max open files +64 +128 /m);
    },
  );

  test('a PID that belongs to another process by now is left alone', async () => {
    const pid = await sleeper('ulimit -Sn 64; ulimit -Hn 128');
    const machine = localMachine(env);
    const startTicks = readProcessFacts(machine, pid)?.startTicks ?? 0;
    expect(setNofile(machine, { pid, startTicks: startTicks - 1 }, { soft: 100, hard: undefined })).toEqual({
      kind: 'gone',
    });
    expect(prlimit(pid)).toBe('64:128');
    expect(setNofile(machine, { pid: 2 ** 22 + 1, startTicks }, { soft: 100, hard: undefined })).toEqual({
      kind: 'gone',
    });
  });

  test('no terminal to confirm on is status 2, and nothing is changed', async () => {
    const pid = await sleeper('ulimit -Sn 64; ulimit -Hn 128');
    const { status, stderr } = socklens(['limits', `pid:${pid}`, '--set', 'nofile=100'], env, [
      'setsid',
      'sh',
      '-c',
      'exec "$@" < /dev/null',
      'sh',
    ]);
    expect(status).toBe(2);
    expect(stderr).toContain('--yes');
    expect(prlimit(pid)).toBe('64:128');
  });

  test('on a terminal it asks for confirmation: no changes nothing, yes does', async () => {
    const pid = await sleeper('ulimit -Sn 64; ulimit -Hn 128');
    const asked = (answer: string) =>
      execFileSync('script', ['-qec', `${LAUNCHER} limits pid:${pid} --set nofile=100`, '/dev/null'], {
        input: `${answer}\n`,
        encoding: 'utf8',
        env: { ...process.env, ...env },
      });
    const no = asked('n');
    expect(no).toContain('Set the limit of this process? [y/N]');
    expect(no).toContain('nothing was changed');
    expect(prlimit(pid)).toBe('64:128');
    expect(asked('y')).toContain('changed');
    expect(prlimit(pid)).toBe('100:128');
  });

  test('a mistake on the command line is status 2 and suggests the nearest word', async () => {
    const pid = await sleeper('ulimit -Sn 64; ulimit -Hn 128');
    for (const [setting, words] of [
      ['nofiles=100', 'did you mean nofile?'],
      ['nproc=100', 'only nofile can be set'],
      ['nofile=100:50', 'above hard limit'],
      ['nofile=99999999999', 'fs.nr_open'],
    ] as const) {
      const { status, stderr } = set(`pid:${pid}`, setting);
      expect([setting, status]).toEqual([setting, 2]);
      expect(stderr).toContain(words);
    }
    expect(set('host', 'nofile=100').status).toBe(2);
    expect(socklens(['limits', '--set', 'nofile=100', '--yes'], env).status).toBe(2);
    expect(socklens(['limits', `pid:${pid}`, 'state', 'listen'], env).status).toBe(2);
    expect(socklens(['limits', `pid:${pid}`, '--interval', '1s'], env).status).toBe(2);
    expect(prlimit(pid)).toBe('64:128');
  });
});
