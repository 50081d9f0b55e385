/** A small lab: its namespaces in `ss` and /proc, and their removal. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Lab, LabMember, LabOptions } from '../../src/act/lab/lab.ts';
import { fittingCap } from '../../src/act/lab/plan.ts';
import { startLab } from '../../src/act/lab/start-lab.ts';
import type { LoadPlan } from '../../src/model/report/load-report.ts';
import { socklens } from '../support/cli.ts';
import { holdNamespaces, netnsOf } from '../support/namespace-traces.ts';
import { nodeProgram, until } from '../support/netns.ts';
import { otherUser } from '../support/other-user.ts';

const NAME = `sllab${process.pid}`;
const NAMES_FOLDER = '/run/netns';
const MAX_CONNECTIONS = 20;
const MAX_IDLE = 5;

/** Waves of three times the database's connection limit; on average it is idle half of the time. */
const LOAD: LoadPlan = {
  goal: 120,
  wave: 60,
  connections: 120,
  lateConnections: 140,
  rampMs: 1000,
  holdMs: 2000,
  quietMs: 0,
};

let lab: Lab | undefined;
afterEach(() => lab?.stop());

async function start(options: Partial<LabOptions> = {}): Promise<LabMember[]> {
  const small = { name: NAME, instances: 2, maxIdle: MAX_IDLE, maxConnections: MAX_CONNECTIONS, workers: 4 };
  lab = await startLab({ ...small, ...options });
  await lab.setQueryTime(15);
  return lab.members;
}

const receiversOf = (members: readonly LabMember[]) => members.filter(({ role }) => role === 'webhook');

/** Local and peer endpoints of the sockets that `ss` prints in a member's namespace. */
function ss(member: LabMember, ...filter: string[]): string[] {
  const inside = ['-t', String(member.pid), '-n', 'ss', '-tnH', ...filter];
  return execFileSync('nsenter', inside, { encoding: 'utf8' }).split('\n').filter(Boolean);
}

const toDatabase = (member: LabMember) => ss(member, 'state', 'established', 'dport', '=', ':3306');

describe('lab: its processes', () => {
  it('each has a name and a namespace of its own, and is a target', async () => {
    const members = await start({ nofile: 300 });
    expect(members.map(({ title }) => title)).toEqual(['db', 'webhook-1', 'webhook-2', 'balancer', 'load']);
    expect(new Set([...members.map(({ pid }) => netnsOf(pid)), netnsOf(process.pid)]).size).toBe(6);
    for (const { pid, title, target } of members) {
      expect(fs.readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe(`${title}\n`);
      const { status, stdout } = socklens(['ls', target, '-l', '-t', '-p']);
      expect(status).toBe(0);
      if (title !== 'load') expect(stdout).toContain(title);
    }
    expect(members.map(({ target }) => target)).toContain(`netns:${NAME}-web-1`);
    for (const { pid } of receiversOf(members)) {
      expect(fs.readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max open files +300 +300 /m);
    }
  });
});

describe('lab: a user without the permission to make namespaces', () => {
  it.skipIf(otherUser() === undefined)('gets an error with the missing permission', () => {
    const script = path.resolve(import.meta.dirname, '../support/lab-parent-main.ts');
    const become = [`--reuid=${otherUser()}`, '--clear-groups', '--', nodeProgram(), script];
    const { status, stderr } = spawnSync('setpriv', become, { encoding: 'utf8' });
    expect(status).not.toBe(0);
    expect(stderr).toContain('CAP_SYS_ADMIN');
    expect(stderr).toContain("kind: 'not-permitted'");
  });
});

describe('lab: the load', () => {
  it('runs into error 1040 where only the idle are capped, and the count falls back to that cap', async () => {
    const receivers = receiversOf(await start());
    let most = 0;
    const report = await lab?.load(LOAD, () => {
      most = Math.max(most, ...receivers.map((receiver) => toDatabase(receiver).length));
    });
    expect(report?.errors.tooManyConnections).toBeGreaterThan(20);
    expect(report?.errors.connection).toBeUndefined();
    await until('the pools to be at rest', () =>
      receivers.every((receiver) => toDatabase(receiver).length === MAX_IDLE),
    );
    // Surplus connections were closed from this side, and that shows.
    for (const receiver of receivers) {
      expect(ss(receiver, 'state', 'time-wait', 'dport', '=', ':3306').length).toBeGreaterThan(0);
    }
  });

  it('passes without an error where the open are capped, and no more than the cap are open', async () => {
    const maxOpen = fittingCap(MAX_CONNECTIONS, 2);
    const receivers = receiversOf(await start({ maxOpen }));
    const seen: number[] = [];
    const report = await lab?.load(LOAD, () => {
      seen.push(...receivers.map((receiver) => toDatabase(receiver).length));
    });
    expect(report).toMatchObject({ errors: {} });
    expect(report?.requests).toBeGreaterThan(200);
    expect(Math.max(...seen)).toBeLessThanOrEqual(maxOpen);
    expect(report?.seconds.length).toBeGreaterThanOrEqual(3);
    expect(report?.seconds.reduce((sum, { requests }) => sum + requests, 0)).toBe(report?.requests);
  });

  it('loses connections where an instance has no descriptor left for them, and none with a higher limit', async () => {
    const maxOpen = fittingCap(MAX_CONNECTIONS, 2);
    const [first] = receiversOf(await start({ maxOpen, nofile: 80 }));
    let most = 0;
    const narrow = await lab?.load(LOAD, () => {
      // A descriptor that the test's own parent left open in all of its children may have a higher number.
      const numbers = fs.readdirSync(`/proc/${first?.pid}/fd`).map(Number);
      most = Math.max(most, numbers.filter((number) => number < 80).length);
    });
    expect(narrow?.errors.connection).toBeGreaterThan(0);
    expect(most).toBe(80);
    await lab?.stop();
    await start({ maxOpen, nofile: 1024 });
    expect(await lab?.load(LOAD)).toMatchObject({ errors: {} });
  });

  it('calibration measures how many requests a second the machine serves', async () => {
    await start({ maxOpen: fittingCap(MAX_CONNECTIONS, 2) });
    const capacity = (await lab?.calibrate(3000)) ?? 0;
    expect(capacity).toBeGreaterThan(0);
    expect(lab?.plan(capacity).load.goal).toBeLessThan(capacity);
  });
});

describe('lab: its end', () => {
  it('leaves no process, no namespace and no name', async () => {
    const members = await start();
    const namespaces = holdNamespaces(members.map(({ pid }) => pid));
    onTestFinished(namespaces.release);
    expect(namespaces.traces().length).toBeGreaterThanOrEqual(members.length);
    await lab?.stop();
    expect(namespaces.traces()).toEqual([]);
    expect(members.filter(({ pid }) => fs.existsSync(`/proc/${pid}`))).toEqual([]);
    expect(namesLike(NAME)).toEqual([]);
  });

  it('a killed parent takes the whole lab with it', async () => {
    const name = `${NAME}k`;
    const script = path.resolve(import.meta.dirname, '../support/lab-parent-main.ts');
    const parent = spawn(nodeProgram(), ['--disable-warning=ExperimentalWarning', script, name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await Promise.race([
      once(readline.createInterface({ input: parent.stdout })),
      new Promise<never>((_, reject) => parent.once('exit', () => reject(new Error('the parent ended')))),
    ]);
    const members = JSON.parse(line) as LabMember[];
    const namespaces = holdNamespaces(members.map(({ pid }) => pid));
    onTestFinished(namespaces.release);
    expect(namesLike(name)).toHaveLength(members.length);
    parent.kill('SIGKILL');
    // A process that ends gives its namespace back some time before it is a zombie.
    await until(
      'all of it to be gone',
      () => namespaces.traces().length === 0 && !members.some(({ pid }) => runs(pid)) && namesLike(name).length === 0,
    );
  });

  it('a lab removes what a killed one left behind', async () => {
    const stale = `${NAMES_FOLDER}/${NAME}-db`;
    const others = `${NAMES_FOLDER}/${NAME}-web-9`;
    fs.mkdirSync(NAMES_FOLDER, { recursive: true });
    fs.symlinkSync('/proc/4194999/ns/net', stale);
    fs.symlinkSync(`/proc/${process.pid}/ns/net`, others);
    try {
      const members = await start();
      expect(fs.readlinkSync(stale)).toBe(`/proc/${members[0]?.pid}/ns/net`);
      expect(fs.existsSync(others)).toBe(true);
    } finally {
      fs.rmSync(others);
    }
  });

  it('the names of another lab are left alone', async () => {
    await start();
    const first = lab;
    const members = await start();
    try {
      expect(members.map(({ pid, target }) => target === `pid:${pid}`)).not.toContain(false);
      await lab?.stop();
      expect(namesLike(NAME)).toHaveLength(members.length);
    } finally {
      await first?.stop();
    }
  });
});

/** False for a zombie, too. */
function runs(pid: number): boolean {
  return fs.existsSync(`/proc/${pid}`) && !/^\d+ \(.*\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

function once(lines: readline.Interface): Promise<[string]> {
  return new Promise((resolve) => lines.once('line', (line) => resolve([line])));
}

function namesLike(name: string): string[] {
  return fs.readdirSync(NAMES_FOLDER).filter((found) => found.startsWith(`${name}-`));
}
