/** Targets whose processes stop between being found and being read, and PIDs that are reused. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dumpSockets } from '../../src/collect/dump/dump-sockets.ts';
import { countedByKernel, defaultGateways, readInetTable, readNetFile } from '../../src/collect/dump/net-files.ts';
import { localMachine } from '../../src/collect/local-machine.ts';
import type { Machine } from '../../src/collect/machine.ts';
import { handleOfNamed, handleOfProcess } from '../../src/collect/target/find-netns.ts';
import { leadsToNetns } from '../../src/collect/target/process-way.ts';
import { SystemCallsMissing } from '../../src/kernel/system-calls.ts';
import { Failure } from '../../src/model/failure.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { CounterFiles } from '../../src/sources/live/counter-files.ts';
import { LAUNCHER, socklens } from '../support/cli.ts';
import { connectNetns, createNetns, type TestNetns, until } from '../support/netns.ts';
import { NO_OTHER_USER, otherUser } from '../support/other-user.ts';
import { AF, SOCK } from '../support/recipes/constants.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const machine = localMachine({});
/** Where foreign calls are not available: namespaces are read through `/proc/PID/net`. */
const withoutCalls: Machine = {
  ...localMachine({}),
  systemCalls: () => {
    throw new SystemCallsMissing('no foreign calls', undefined);
  },
};
const UDP_PORT = 5533;

let netns: TestNetns;

beforeAll(async () => {
  netns = createNetns();
  const workshop = await Workshop.start(netns);
  await workshop.bind(await workshop.socket(AF.INET, SOCK.DGRAM), { host: '127.0.0.1', port: UDP_PORT });
  await workshop.bind(await workshop.socket(AF.UNIX, SOCK.DGRAM), { unix: Buffer.from('\0vanished-test') });
});
afterAll(() => netns?.remove());

/** Starts a process in a namespace that does nothing. */
async function startIdle(where = netns): Promise<ChildProcess & { pid: number }> {
  const child = where.spawn('sleep', ['1000']) as ChildProcess & { pid: number };
  await until('the process to enter the namespace', () => {
    const name = fs.readFileSync(`/proc/${child.pid}/comm`, 'utf8');
    return name === 'sleep\n';
  });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** The error's kind and text; undefined when `run` throws nothing. */
function failureOf(run: () => unknown): { kind: string; message: string } | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { kind: error.kind, message: error.message };
  }
}

function udpPorts(on: Machine, handle: ReturnType<typeof handleOfNamed>): { ports: number[]; source: string } {
  const { sockets, source } = dumpSockets(on, handle, { ...everySocket(), protos: ['udp', 'udplite', 'unix', 'raw'] });
  const ports: number[] = [];
  sockets.each((socket) => {
    if (socket.proto === 'udp') ports.push(socket.localPort);
  });
  return { ports, source };
}

describe('a named namespace whose first process stops after it was found', () => {
  test('tables of /proc/net are complete', async () => {
    const idle = await startIdle();
    const handle = handleOfNamed(machine, netns.name, () => idle.pid);
    await end(idle);
    const ports: number[] = [];
    readInetTable(machine, handle, 'udp', 'inet')?.each((socket) => {
      ports.push(socket.localPort);
    });
    expect(ports).toEqual([UDP_PORT]);
    const unix = netns.run('cat', '/proc/net/unix');
    expect(unix).toContain('@vanished-test');
    expect(readNetFile(machine, handle, 'unix')?.toString('latin1')).toBe(unix);
  });

  test('its sockets are dumped', async () => {
    const idle = await startIdle();
    const handle = handleOfNamed(machine, netns.name, () => idle.pid);
    await end(idle);
    expect(udpPorts(machine, handle)).toEqual({ ports: [UDP_PORT], source: 'sock_diag' });
  });

  test('where it cannot be entered, it is read through a process that is in it now', async () => {
    const idle = await startIdle();
    const handle = handleOfNamed(withoutCalls, netns.name, () => idle.pid);
    await end(idle);
    expect(udpPorts(withoutCalls, handle)).toEqual({ ports: [UDP_PORT], source: 'procfs' });
  });

  test('where it cannot be entered and no process is left, the error says so', async () => {
    using empty = createNetns();
    const handle = handleOfNamed(withoutCalls, empty.name, () => 1);
    const failure = failureOf(() => udpPorts(withoutCalls, handle));
    expect(failure?.kind).toBe('not-permitted');
    expect(failure?.message).toContain('no process in it');
  });

  test('after the name was deleted it has stopped', () => {
    const gone = createNetns();
    const handle = handleOfNamed(machine, gone.name);
    gone.remove();
    expect(failureOf(() => readNetFile(machine, handle, 'udp'))?.kind).toBe('no-target');
  });
});

test('counters and gateways of a named namespace do not need the process that was found', async () => {
  using other = createNetns();
  using gateway = createNetns();
  connectNetns({ netns: other, addresses: ['10.88.0.2/24'] }, { netns: gateway, addresses: ['10.88.0.1/24'] });
  other.run('ip', 'route', 'add', 'default', 'via', '10.88.0.1');
  const idle = await startIdle(other);
  const handle = handleOfNamed(machine, other.name, () => idle.pid);
  await end(idle);
  expect(defaultGateways(machine, handle)).toEqual(['10.88.0.1']);
  expect(countedByKernel(machine, handle)?.sockstat).toMatchObject({ tcp: 0, udp: 0 });
  // Where it cannot be entered, no process is left to read them through.
  expect(defaultGateways(withoutCalls, handle)).toEqual([]);
  expect(countedByKernel(withoutCalls, handle)).toBeUndefined();
});

describe('netstat -c on a process that stops', () => {
  test.each(['-tan', '-uan', '-xan', '-Uan', '-6an', '-taon', '-an'])('%s: status 3', async (flags) => {
    const idle = await startIdle();
    const netstat = spawn(LAUNCHER, ['netstat', `pid:${idle.pid}`, flags, '-c'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    netstat.stdout.on('data', (text) => {
      stdout += text;
    });
    netstat.stderr.on('data', (text) => {
      stderr += text;
    });
    await until('the first round', () => stdout.includes('Active '));
    await end(idle);
    const [status] = await once(netstat, 'close');
    expect({ status, stderr }).toEqual({
      status: 3,
      stderr: `socklens: pid:${idle.pid}: it stopped while it was being read\n`,
    });
  });

  test('when its PID is reused by a process of another namespace: status 3, and none of that one is shown', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vanished-'));
    const script = `
      nsenter --net=${netns.path} sleep 1000 & first=$!
      until [ "$(cat /proc/$first/comm)" = sleep ]; do sleep 0.05; done
      ${LAUNCHER} netstat pid:$first -xa -c >${folder}/out 2>${folder}/err & socklens=$!
      until [ -s ${folder}/out ]; do sleep 0.05; done
      kill -9 $first; wait $first 2>/dev/null
      second=
      until [ "$second" = "$first" ]; do
        [ -n "$second" ] && kill -9 $second
        echo $((first - 1)) >/proc/sys/kernel/ns_last_pid
        sleep 1000 & second=$!
      done
      wait $socklens; echo $? >${folder}/status
    `;
    try {
      const { stderr } = spawnSync('unshare', ['--pid', '--mount', '--fork', '--mount-proc', 'sh', '-c', script], {
        encoding: 'utf8',
        timeout: 240_000,
      });
      const read = (file: string) => fs.readFileSync(path.join(folder, file), 'utf8');
      expect(stderr).not.toContain('ns_last_pid');
      expect(read('err')).toMatch(/^socklens: pid:\d+: it stopped while it was being read\n$/);
      expect(read('status')).toBe('3\n');
      const rounds = read('out')
        .split(/^Active UNIX.*\n/m)
        .slice(1);
      const expected = netns.run('netstat', '-xa').replace(/^Active UNIX.*\n/m, '');
      expect(expected).toContain('@vanished-test');
      expect(new Set(rounds)).toEqual(new Set([expected]));
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

/** Starts an idle process that has another start time than one before: both may begin within one clock tick. */
async function startLater(before: Awaited<ReturnType<typeof startIdle>>): ReturnType<typeof startIdle> {
  for (;;) {
    const later = await startIdle();
    if (startTime(later.pid) !== startTime(before.pid)) return later;
    await end(later);
  }
}

test('every read through /proc/PID notices that the PID is reused', async () => {
  const proc = fs.mkdtempSync(path.join(os.tmpdir(), 'vanished-proc-'));
  const idle = await startIdle();
  const later = await startLater(idle);
  try {
    fs.symlinkSync('/proc/self', path.join(proc, 'self'));
    // A PID of its own in a proc root whose contents are the kernel's: which process it is can be changed.
    const become = (pid: number) => {
      fs.rmSync(path.join(proc, '42'), { force: true });
      fs.symlinkSync(`/proc/${pid}`, path.join(proc, '42'));
    };
    const on = { ...withoutCalls, proc };
    become(idle.pid);
    const handle = handleOfProcess(on, 42, { name: 'pid:42', runtime: 'pid' });
    expect(udpPorts(on, handle)).toEqual({ ports: [UDP_PORT], source: 'procfs' });
    // The same namespace: only the start time differs.
    become(later.pid);
    expect(failureOf(() => udpPorts(on, handle))?.kind).toBe('no-target');
    for (const file of ['tcp', 'udp', 'unix', 'nosuch']) {
      expect(failureOf(() => readNetFile(on, handle, file))?.kind).toBe('no-target');
    }
    become(idle.pid);
    expect(readNetFile(on, handle, 'nosuch')).toBeUndefined();
    expect(countedByKernel(on, handle)?.sockstat.udp).toBe(1);
    become(later.pid);
    expect(countedByKernel(on, handle)).toBeUndefined();
    const counters = new CounterFiles(() => leadsToNetns(on, handle));
    const udpNow = () => counters.sockstat(`${proc}/42/net`)?.udp;
    expect(udpNow()).toBeUndefined();
    become(idle.pid);
    expect(udpNow()).toBe(1);
    counters.close();
    await end(idle);
    expect(failureOf(() => readNetFile(on, handle, 'udp'))?.kind).toBe('no-target');
  } finally {
    await end(later);
    fs.rmSync(proc, { recursive: true });
  }
});

describe('a process whose main thread has ended while others run', () => {
  const PORT = 5544;
  let child: ChildProcess & { pid: number };

  beforeAll(async () => {
    const program = path.resolve(import.meta.dirname, '../support/recipes/main-thread-ended-main.ts');
    child = netns.spawnNode(program, [String(PORT)]) as ChildProcess & { pid: number };
    await until('the main thread to end', () =>
      /^State:\tZ/m.test(fs.readFileSync(`/proc/${child.pid}/status`, 'utf8')),
    );
    // What makes it differ: the kernel shows neither its namespace nor its descriptors.
    expect(fs.existsSync(`/proc/${child.pid}/ns/net`)).toBe(false);
    expect(fs.readdirSync(`/proc/${child.pid}/fd`)).toEqual([]);
  });

  test('ls: its sockets, with it as their process', () => {
    const { status, stdout, stderr } = socklens(['ls', `pid:${child.pid}`, '--udp', '--json', `sport = ${PORT}`]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`"pid":${child.pid}`);
  });

  test('netstat: as in its namespace', () => {
    const { status, stdout } = socklens(['netstat', `pid:${child.pid}`, '-uxanp']);
    expect(stdout).toContain(`127.0.0.1:${PORT}`);
    expect({ status, stdout }).toEqual({ status: 0, stdout: netns.run('netstat', '-uxanp') });
  });

  test('without foreign calls it is read through its other threads', () => {
    const handle = handleOfProcess(withoutCalls, child.pid, { name: 'it', runtime: 'pid' });
    const { ports, source } = udpPorts(withoutCalls, handle);
    expect({ ports: ports.sort(), source }).toEqual({ ports: [UDP_PORT, PORT], source: 'procfs' });
  });

  test('limits: its descriptors are counted', () => {
    const thread = fs.readdirSync(`/proc/${child.pid}/task`).find((tid) => tid !== String(child.pid));
    const expected = fs.readdirSync(`/proc/${child.pid}/task/${thread}/fd`).length;
    const { status, stdout } = socklens(['limits', `pid:${child.pid}`, '--json']);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`"used": ?${expected}\\b`));
  });
});

describe.skipIf(otherUser() === undefined)(`/proc mounted with hidepid (${NO_OTHER_USER} otherwise)`, () => {
  /** Runs socklens in a PID namespace of its own as a user that does not see PID 1. */
  function asUser(option: string, ...args: string[]) {
    const user = `--reuid=${otherUser()} --regid=${otherUser()} --clear-groups`;
    // `exec` would make it PID 1.
    const script = `mount -t proc -o hidepid=${option} proc /proc && setpriv ${user} "$@"; exit $?`;
    const own = ['unshare', '--pid', '--mount', '--fork', '--mount-proc', 'sh', '-c', script, 'sh'];
    return socklens(args, { DOCKER_HOST: 'unix:///nowhere/docker.sock' }, own);
  }
  const hidden = (name: string) =>
    `socklens: ${name}: process 1 is hidden (/proc is mounted with hidepid, and process 1 belongs to another user): CAP_SYS_PTRACE is missing; run with sudo\n`;

  test.each([
    ['2', 'pid:1', ['ls', 'pid:1']],
    ['1', 'pid:1', ['ls', 'pid:1']],
    ['2', 'pid:1', ['netstat', 'pid:1', '-tan']],
    ['2', 'pid:1', ['limits', 'pid:1']],
    ['2', 'host', ['ls', 'host']],
    ['2', 'host', ['ps']],
  ])('hidepid=%s: %s is hidden, not gone: %j', (option, name, args) => {
    expect(asUser(option, ...args)).toEqual({ status: 4, stdout: '', stderr: hidden(name) });
  });

  test('a process that does not exist is not said to be hidden', () => {
    const { status, stderr } = asUser('2', 'ls', 'pid:4194304');
    expect({ status, stderr }).toEqual({
      status: 3,
      stderr: 'socklens: pid:4194304: no such process: 4194304 (or it has just exited)\n',
    });
  });
});

function startTime(pid: number): string {
  return execFileSync('awk', ['{print $22}', `/proc/${pid}/stat`], { encoding: 'utf8' });
}
