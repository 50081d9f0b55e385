/** Where programs in the kernel are refused, or lose what they should tell: the next source, a sentence, right numbers. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { BtfError, type KernelTypes } from '../../src/bpf/kernel-types.ts';
import type { DescriptorForm } from '../../src/bpf/programs/descriptor-program.ts';
import { localMachine } from '../../src/collect/local-machine.ts';
import { heldPass } from '../../src/collect/owners/owner-pass.ts';
import { DescriptorPass, HELD_SOCKETS } from '../../src/kernel/bpf/descriptor-pass.ts';
import { KERNEL_TYPES_FILES } from '../../src/kernel/bpf/kernel-types.ts';
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';
import { LAUNCHER } from '../support/cli.ts';
import { type EventObject, receivers } from '../support/events-run.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { unseenAtMost } from '../support/unseen-ends.ts';
import type { WatchObject } from '../support/watch-run.ts';

const calls = koffiSystemCalls();
const isPermitted = typeof heldPass(localMachine({})) !== 'string';
const CHURN = path.resolve(import.meta.dirname, '../support/recipes/churn-main.ts');
const ENV = { ...process.env, DOCKER_HOST: 'unix:///nonexistent' };

const spaces: TestNetns[] = [];
const shops: Workshop[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(shops.splice(0).map((shop) => shop.stop()));
  for (const space of spaces.splice(0)) space.remove();
});

function space(): TestNetns {
  const made = createNetns();
  spaces.push(made);
  return made;
}

/** A namespace with a connection, of which both ends are held by one process. */
async function oneConnection(): Promise<{ netns: TestNetns; pid: number }> {
  const netns = space();
  const shop = await Workshop.start(netns);
  shops.push(shop);
  await shop.tcpPair(await shop.tcpListener('127.0.0.1'));
  return { netns, pid: shop.pid };
}

describe.skipIf(!isPermitted)('the types of the kernel', () => {
  it('are not described: no pass, with the reason', () => {
    const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-types-'));
    const files = { ...KERNEL_TYPES_FILES, btf: '/nonexistent', cache };
    const open = () => DescriptorPass.open(calls, HELD_SOCKETS, undefined, files);
    expect(open).toThrow(BtfError);
    expect(open).toThrow('/nonexistent cannot be read: the kernel does not describe its types');
    fs.rmSync(cache, { recursive: true });
  });

  it('lack a member that one form of the program needs: the other form; that both need: no pass, with its name', () => {
    const lacking = (forms: readonly DescriptorForm[]) => ({
      layout: HELD_SOCKETS.layout,
      program(types: KernelTypes, form: DescriptorForm) {
        if (forms.includes(form)) types.member('sock', 'sk_of_another_kernel');
        return HELD_SOCKETS.program(types, form);
      },
    });
    const pass = DescriptorPass.open(calls, lacking(['typed']));
    expect(pass.form).toBe('probe');
    expect(pass.read().rows).toBeGreaterThan(0);
    pass.close();
    expect(() => DescriptorPass.open(calls, lacking(['typed', 'probe']))).toThrow(/sk_of_another_kernel/);
  });

  it('are not described: ls and ps have the same answer from other sources, events say what is lost', async () => {
    const { netns, pid } = await oneConnection();
    const without = (...args: string[]) =>
      execFileSync('unshare', ['--mount', 'sh', '-c', WITHOUT_TYPES, LAUNCHER, ...args], {
        encoding: 'utf8',
        env: ENV,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    const { sockets } = JSON.parse(without('ls', `netns:${netns.name}`, '-tn', '--json')) as {
      sockets: { processes: { pid: number }[] }[];
    };
    expect(sockets.map(({ processes }) => processes.map((one) => one.pid))).toEqual([[pid], [pid], [pid]]);
    const { containers } = JSON.parse(without('ps', `netns:${netns.name}`, '--json')) as {
      containers: { sockets: { byState: object } }[];
    };
    expect(containers.map((row) => row.sockets.byState)).toEqual([{ LISTEN: 1, ESTABLISHED: 2 }]);
    const note = without('sh', '-c', `"$0" events netns:${netns.name} --for 200ms 2>&1 >/dev/null`, LAUNCHER);
    expect(note).toContain('connections are not seen when they are opened');
    expect(note).toContain('/sys/kernel/btf/vmlinux cannot be read');
    const refused = without('sh', '-c', `"$0" events netns:${netns.name} --drops 2>&1; echo status $?`, LAUNCHER);
    expect(refused).toMatch(/^socklens: not reported here: dropped; .*btf\/vmlinux cannot be read.*\nstatus 4\n$/);
  });
});

/** Hides the description of the kernel's types, and what of them is cached, then runs a command. */
const WITHOUT_TYPES = `mount -t tmpfs none /sys/kernel/btf && mkdir -p /run/socklens && mount -t tmpfs none /run/socklens
case $1 in sh) "$@" ;; *) "$0" "$@" ;; esac`;

describe.skipIf(!isPermitted)('one of the two capabilities', () => {
  it.each([
    ['CAP_PERFMON', '-cap_38'],
    ['CAP_BPF', '-cap_39'],
  ])('without %s: its name, and connections from the destroy multicast', async (name, dropped) => {
    const args = [`--bounding-set=-sys_admin,${dropped}`, LAUNCHER, 'events', 'host', '--ndjson', '--for', '300ms'];
    const child = spawn('setpriv', args, { env: ENV, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk;
    });
    child.stdout.resume();
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(err).toContain(`${name} is missing`);
    const list = execFileSync(
      'setpriv',
      [`--bounding-set=-sys_admin,${dropped}`, LAUNCHER, 'ls', 'host', '-tp', '--json'],
      { encoding: 'utf8', env: ENV },
    );
    expect((JSON.parse(list) as { owners: { source: string } }).owners.source).toBe('procfs');
    const refused = (...wanted: string[]) =>
      spawnSync('setpriv', [`--bounding-set=-sys_admin,${dropped}`, LAUNCHER, 'events', 'host', ...wanted], {
        encoding: 'utf8',
        env: ENV,
      });
    for (const wanted of ['--drops', '--opened']) {
      const { status, stderr } = refused(wanted);
      expect([status, stderr]).toEqual([4, expect.stringContaining(`: ${name} is missing`)]);
      expect(stderr).not.toContain('run as root');
    }
  });
});

describe.skipIf(!isPermitted)('a reader that is stopped', () => {
  it('under load, for longer than the buffer lasts: what is lost is counted, and numbers are right afterwards', {
    timeout: 180_000,
  }, async () => {
    const netns = space();
    const events = run('events', `netns:${netns.name}`, '--tcp', '--ndjson', '--opened', '--closed');
    const watch = run('watch', `netns:${netns.name}`, '-t', '-n', '--by', 'peer', '--ndjson', '--interval', '500ms');
    const samples = () => watch.objects<WatchObject>().filter(({ type }) => type === 'sample');
    const connections = () => events.objects<EventObject>().filter(({ type }) => type === 'connection');
    const isReceiving = () => receivers(netns.run('cat', '/proc/net/netlink'), events.child.pid ?? 0) > 0;
    await until('both', () => isReceiving() && samples().length > 1);
    const first = await load(netns, 500, 1);
    await until('all of them', () => connections().length >= 5 * first - unseenAtMost(2 * first));

    for (const { child } of [events, watch]) child.kill('SIGSTOP');
    // Five records of some 200 bytes each, into 16 MiB.
    const lost = await load(netns, 20_000, 2);
    expect(lost * 5 * 190).toBeGreaterThan(16 * 1024 * 1024);
    for (const { child } of [events, watch]) child.kill('SIGCONT');
    const gaps = () => events.objects<EventObject>().filter(({ type }) => type === 'gap');
    await until('the gap', () => gaps().length > 0, 60_000);
    // The stopped reader drains all at once: what it has when another second has passed is all.
    const seenMs = Date.now();
    const drained = () => samples().some(({ at = '' }) => Date.parse(at) > seenMs + 1000);
    await until('later drains', drained, 60_000);

    const before = connections().length;
    const told = gaps().reduce((sum, { lostEvents = 0 }) => sum + lostEvents, 0);
    expect(told).toBeGreaterThan(0);
    // Each connection is opened once, established at both ends, and closed at both ends.
    const missing = 5 * (first + lost) - before - told;
    // No more is told than is missing, and none twice. A few changes to CLOSE no program sees, and the kernel does not count them.
    expect(missing).toBeGreaterThanOrEqual(0);
    expect(missing).toBeLessThan(5 * lost * 0.0005);
    const second = await load(netns, 500, 1);
    const unseen = unseenAtMost(2 * second);
    await until('all of the later ones', () => connections().length >= before + 5 * second - unseen);
    expect(connections().length).toBeLessThanOrEqual(before + 5 * second);
    // An end that no program has seen is told as lost once its socket is used again: never more than are missing.
    const toldLater = gaps().reduce((sum, { lostEvents = 0 }) => sum + lostEvents, 0) - told;
    expect(toldLater).toBeGreaterThanOrEqual(0);
    expect(toldLater).toBeLessThanOrEqual(missing + unseen);

    const seen = samples().length;
    await until('a later sample', () => samples().length > seen + 1, 60_000);
    expect(samples().some(({ lostEvents = 0 }) => lostEvents > 0)).toBe(true);
    // Nothing is open any more: no connection whose end was lost lives on.
    const living = () =>
      samples()
        .at(-1)
        ?.groups?.filter(({ peak = 0 }) => peak > 0) ?? [];
    await until('an interval without a connection', () => living().length === 0, 60_000);
  });
});

interface Run {
  child: ChildProcess;
  /** The lines so far. */
  objects<T>(): T[];
}

function run(...args: string[]): Run {
  const child = spawn(LAUNCHER, args, { env: ENV, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let rest = '';
  const objects: unknown[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) objects.push(JSON.parse(line));
  });
  return { child, objects: <T>() => objects as T[] };
}

/** Opens and closes connections. @returns how many */
async function load(netns: TestNetns, rate: number, seconds: number): Promise<number> {
  const generator = netns.spawnNode(CHURN, [String(rate), String(seconds)], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  generator.stdout?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  await until('the generator', () => said.includes('ready'), 30_000);
  generator.stdin?.write('\n');
  await once(generator, 'exit');
  return Number(/^(\d+) [\d.]+$/m.exec(said)?.[1]);
}

describe('programs that the user does not want', () => {
  const off = (...args: string[]) =>
    spawnSync(LAUNCHER, args, { encoding: 'utf8', env: { ...ENV, SOCKLENS_BPF: 'off' } });

  it('openings are refused with that reason, whoever asks; a recording says that it was made without', async () => {
    const { netns } = await oneConnection();
    for (const wanted of ['--opened', '--resets']) {
      const { status, stderr } = off('events', `netns:${netns.name}`, wanted);
      expect([status, stderr]).toEqual([4, expect.stringContaining(': SOCKLENS_BPF is off')]);
    }
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'sltest-off-')), 'without.slr');
    try {
      expect(off('record', `netns:${netns.name}`, '--for', '1s', '-o', file).status).toBe(0);
      const { status, stderr } = off('events', '--from', file, '--opened');
      expect([status, stderr]).toEqual([2, expect.stringContaining("made without the kernel's tracepoint")]);
      expect(stderr).not.toContain('SOCKLENS_BPF');
    } finally {
      fs.rmSync(path.dirname(file), { recursive: true });
    }
  });
});
