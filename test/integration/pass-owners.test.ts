/** Who holds which socket, from a pass in the kernel: the contract, and what only a pass over the host meets. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { openOwners, openOwnersOnce } from '../../src/collect/owners/open-owners.ts';
import { ownerPass } from '../../src/collect/owners/owner-pass.ts';
import { PassOwners } from '../../src/collect/owners/pass-owners.ts';
import { ProcOwners } from '../../src/collect/owners/proc-owners.ts';
import { BpfError } from '../../src/kernel/bpf/bpf-error.ts';
import { SystemCallError, SystemCallsMissing } from '../../src/kernel/system-calls.ts';
import { nodeProgram } from '../support/netns.ts';
import { PythonProcess } from '../support/python-process.ts';
import { describeOwnerSource } from './owner-contract.ts';

const machine = localMachine({});
const pass = ownerPass(machine);
const ample = { mayRun: () => true, spend: <T>(work: () => T) => work() };
/** Above PID_MAX_LIMIT. */
const SHOWN_BY_NOBODY = 2 ** 22 + 1;
const exhausted = { ...ample, mayRun: () => false };

if (typeof pass !== 'string') {
  describeOwnerSource({ name: 'a pass in every round', make: () => new PassOwners(machine, pass) });
  describeOwnerSource({ name: 'passes within a budget', make: () => new PassOwners(machine, pass, ample) });
}

describe.skipIf(typeof pass === 'string')('a pass over the host', () => {
  let process: PythonProcess;
  let inode: number;
  let pid: number;
  let passes: number;
  beforeEach(async () => {
    passes = 0;
    process = new PythonProcess();
    [pid, inode] = await process.run<[number, number]>('held = listener()\nanswer = [os.getpid(), inode(held)]');
  });
  afterEach(() => process.kill());

  /** The pass of this process, which counts its runs and says that each took so long. */
  function counted(budget = ample): PassOwners {
    if (typeof pass === 'string') throw new Error(pass);
    const counting = new Proxy(pass, {
      get: (of, name) => {
        if (name !== 'read') return Reflect.get(of, name);
        return () => {
          passes++;
          return of.read();
        };
      },
    });
    return new PassOwners(machine, counting, budget);
  }

  test('holds what /proc says, for every socket of a process', async () => {
    const inodes = await process.run<number[]>(
      'all = [listener() for _ in range(20)]\nanswer = [inode(s) for s in all]',
    );
    const [owners, scan] = [counted(), new ProcOwners(machine)];
    const wanted = { atMs: Date.now(), sockets: inodes, likely: [], foreground: true };
    owners.round(wanted);
    scan.round(wanted);
    for (const socket of inodes) {
      expect(owners.holdersOf(socket)).toEqual(scan.holdersOf(socket));
      expect(owners.processesOf(socket)).toEqual(scan.processesOf(socket));
    }
  });

  test('is made once for namespaces that are read at the same time, and again for a socket that is new', async () => {
    const owners = counted();
    const round = (sockets: number[], atMs: number, foreground = true) =>
      owners.round({ atMs, sockets, likely: [], foreground });
    const at = Date.now();
    round([inode], at);
    round([inode], at);
    expect(passes).toBe(1);
    const second = await process.run<number>('second = listener()\nanswer = inode(second)');
    round([second], at + 1);
    expect(owners.processesOf(second)).toMatchObject([{ pid }]);
    // Nobody holds it: asked for in vain once, it does not cause another pass at the same moment.
    const before = passes;
    round([1], at + 1);
    round([1], at + 1);
    expect(passes).toBeLessThanOrEqual(before + 1);
    expect(owners.asOfMs()).toBe(at + 1);
  });

  test('in the background: when it is a second old, within the budget', () => {
    const owners = counted();
    const round = (atMs: number, from = owners) =>
      from.round({ atMs, sockets: [inode], likely: [], foreground: false });
    const at = Date.now();
    round(at);
    round(at + 100);
    expect(passes).toBe(1);
    round(at + 100_000);
    expect(passes).toBe(2);
    const poor = counted(exhausted);
    passes = 0;
    round(at, poor);
    expect(passes).toBe(0);
    expect(poor.asOfMs()).toBeUndefined();
  });

  test('a process that neither /proc nor the pass shows is denied; one that the pass shows is not', () => {
    const owners = counted();
    owners.round({ atMs: Date.now(), sockets: [inode], likely: [], foreground: true });
    expect(owners.denied).not.toContain(pid);
    const hidden = fs.mkdtempSync(path.join(os.tmpdir(), 'proc-'));
    fs.symlinkSync(`/proc/${pid}`, `${hidden}/${pid}`);
    // Its main folder alone: descriptors cannot be listed.
    fs.mkdirSync(`${hidden}/${SHOWN_BY_NOBODY}`);
    fs.writeFileSync(`${hidden}/${SHOWN_BY_NOBODY}/stat`, fs.readFileSync(`/proc/${pid}/stat`));
    try {
      if (typeof pass === 'string') throw new Error(pass);
      const source = new PassOwners({ ...machine, proc: hidden }, pass);
      source.round({ atMs: Date.now(), sockets: [inode], likely: [], foreground: true });
      expect(source.denied).toEqual([SHOWN_BY_NOBODY]);
    } finally {
      fs.rmSync(hidden, { recursive: true });
    }
  });

  test('a Node process has the name of its program, as everywhere', async () => {
    const script =
      "require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(process.pid)); process.stdin.resume()";
    const { spawn } = await import('node:child_process');
    const child = spawn(nodeProgram(), ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const node = Number(String(await new Promise((resolve) => child.stdout.once('data', resolve))));
      const socket = fs
        .readdirSync(`/proc/${node}/fd`)
        .map((fd) => /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${node}/fd/${fd}`))?.[1])
        .find((found) => found !== undefined);
      const wanted = { atMs: Date.now(), sockets: [Number(socket)], likely: [], foreground: true };
      const [owners, scan] = [counted(), new ProcOwners(machine)];
      owners.round(wanted);
      scan.round(wanted);
      expect(owners.processesOf(Number(socket))).toEqual(scan.processesOf(Number(socket)));
      expect(owners.processesOf(Number(socket))[0]?.name).not.toBe('MainThread');
    } finally {
      child.kill();
    }
  });
});

describe('which source of owners is taken', () => {
  it.skipIf(typeof pass === 'string')('the pass where it is permitted', () => {
    expect(openOwners(machine)).toBeInstanceOf(PassOwners);
  });

  it('the scan where loading is refused, and where another proc file system is read', () => {
    const calls = machine.systemCalls();
    const refusing = () => ({
      ...calls,
      bpf: () => {
        throw new BpfError('loading', new SystemCallError('bpf', 1, 'EPERM'));
      },
    });
    const instance = refusing();
    expect(openOwners({ ...machine, systemCalls: () => instance })).toBeInstanceOf(ProcOwners);
    expect(openOwners({ ...machine, proc: '/nonexistent' })).toBeInstanceOf(ProcOwners);
    const none = () => {
      throw new SystemCallsMissing('no binary for this machine', undefined);
    };
    expect(openOwners({ ...machine, systemCalls: none })).toBeInstanceOf(ProcOwners);
  });

  /** What a program says about the pass, run by a command that changes what it may do. */
  function reasonBehind(command: string, args: readonly string[], ...operands: string[]): string {
    const main = path.resolve(import.meta.dirname, '../support/owner-pass-main.ts');
    const node = [nodeProgram(), '--disable-warning=ExperimentalWarning', main];
    return execFileSync(command, [...args, ...node, ...operands], { encoding: 'utf8' }).trim();
  }

  it('without the capabilities: names those that are missing', () => {
    const setpriv = ['--bounding-set=-all', '--inh-caps=-all', '--reuid=65534', '--regid=65534', '--clear-groups'];
    expect(reasonBehind('setpriv', setpriv)).toBe('CAP_BPF and CAP_PERFMON missing');
  });

  it('in a PID namespace of its own: says so, and is not made', () => {
    const unshare = ['--pid', '--fork', '--mount', '--mount-proc'];
    expect(reasonBehind('unshare', unshare)).toContain('in a PID namespace of its own');
  });

  describe.skipIf(typeof pass === 'string')('with CAP_BPF and CAP_PERFMON and nothing else', () => {
    const capabilities = '+bpf,+perfmon';
    const ambient = [
      `--inh-caps=${capabilities}`,
      `--ambient-caps=${capabilities}`,
      `--bounding-set=-all,${capabilities}`,
    ];
    const user = ['--reuid=65534', '--regid=65534', '--clear-groups'];

    it('the pass', () => {
      expect(reasonBehind('setpriv', [...ambient, ...user])).toMatch(/^[1-9]\d* rows$/);
    });

    it('a single answer has the processes that /proc hides, and nobody is named as hidden', async () => {
      const process = new PythonProcess();
      try {
        const [pid, inode] = await process.run<[number, number]>(
          'held = listener()\nanswer = [os.getpid(), inode(held)]',
        );
        const answer = (args: string[]) => JSON.parse(reasonBehind('setpriv', args, String(inode)));
        expect(answer([...ambient, ...user])).toEqual({ pids: [pid], denied: 0 });
        const { pids, denied } = answer(['--bounding-set=-all', '--inh-caps=-all', ...user]);
        expect(pids).toEqual([]);
        expect(denied).toBeGreaterThan(0);
      } finally {
        await process.kill();
      }
    });
  });

  it('for a single answer on a host with few open files: the scan', () => {
    const proc = fs.mkdtempSync(path.join(os.tmpdir(), 'proc-'));
    fs.mkdirSync(`${proc}/sys/fs`, { recursive: true });
    fs.writeFileSync(`${proc}/sys/fs/file-nr`, '1216\t0\t9223372036854775807\n');
    expect(openOwnersOnce({ ...machine, proc })).toBeInstanceOf(ProcOwners);
    fs.rmSync(proc, { recursive: true });
  });
});
