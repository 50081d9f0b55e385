import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { reporterOf } from '../../src/runtimes/reporter.ts';
import { socklens } from '../support/cli.ts';
import { createNetns, until } from '../support/netns.ts';
import { NO_OTHER_USER, otherUser } from '../support/other-user.ts';
import { type FakeEngine, httpAnswer, startFakeEngine } from './fake-engine.ts';

/* What an ordinary user's Engine says is that user's word: it may name any process and any container. */

const ID = '71d919762bb95b397f05e2622ffd2bfdd5c536dfb69a0bdab4557e139678e28a';
const uid = otherUser() ?? 0;
const isRoot = process.getuid?.() === 0;
const whyNot = isRoot ? (uid === 0 ? NO_OTHER_USER : undefined) : 'it takes another user';
if (whyNot !== undefined) test.skip(whyNot, () => {});

const engines: FakeEngine[] = [];
const processes: ChildProcess[] = [];
const cgroups: string[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.remove();
  for (const child of processes.splice(0)) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
  for (const folder of cgroups.splice(0)) {
    await until(`the removal of ${folder}`, () => {
      try {
        fs.rmdirSync(folder);
        return true;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code !== 'EBUSY';
      }
    });
  }
});

/** Starts a program that waits. @returns when it runs, its PID */
async function waiting(command: readonly string[], as?: number): Promise<number> {
  const [program = '', ...args] = [...command, 'sleep', '1000000'];
  const child = spawn(program, args, { stdio: 'ignore', ...(as !== undefined && { uid: as, gid: as }) });
  processes.push(child);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} did not start`);
  await until(`${program}`, () => fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('sleep'));
  return pid;
}

/** ISO 8601 of the start of a process, by ps(1). */
function startOf(pid: number): string {
  const seconds = Number(execFileSync('ps', ['-o', 'etimes=', '-p', String(pid)], { encoding: 'utf8' }));
  return new Date(Date.now() - seconds * 1000).toISOString();
}

/** The environment in which an Engine of the ordinary user says that a process is the container `web`. */
async function claim(pid: number, id = ID): Promise<Record<string, string>> {
  const details = {
    Id: id,
    Name: '/web',
    State: { Running: true, Pid: pid, StartedAt: startOf(pid), FinishedAt: '0001-01-01T00:00:00Z' },
    Config: { Labels: null },
  };
  const engine = await startFakeEngine({
    '/containers/json': httpAnswer([{ Id: id, Names: ['/web'] }]),
    '*': httpAnswer(details),
  });
  engines.push(engine);
  for (const file of [engine.socket, path.dirname(engine.socket)]) fs.chownSync(file, uid, uid);
  return { DOCKER_HOST: engine.endpoint, CONTAINER_HOST: engine.endpoint };
}

function limitOf(pid: number): string {
  return /^Max open files +(\d+ +\d+)/m.exec(fs.readFileSync(`/proc/${pid}/limits`, 'latin1'))?.[1] ?? '';
}

const CLOSE_ALL = ['state', 'all', '--yes'];

test.skipIf(whyNot !== undefined)('a process of root is not believed: status 4, and nothing is changed', async () => {
  using netns = createNetns();
  const pid = await waiting(['ip', 'netns', 'exec', netns.name]);
  const env = await claim(pid);
  const before = limitOf(pid);
  for (const args of [
    ['ls', 'web'],
    ['netstat', 'web', '-tan'],
    ['kill', 'web', ...CLOSE_ALL],
    ['limits', 'web', '--set', 'nofile=100:100', '--yes'],
  ]) {
    const { status, stderr } = socklens(args, env);
    expect([args[0], status]).toEqual([args[0], 4]);
    expect(stderr).toContain(`web: docker of user ${uid} reports process ${pid}, which is not one of that user`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  }
  expect(limitOf(pid)).toBe(before);
  const { stdout, stderr } = socklens(['ps'], env);
  expect(stdout).not.toMatch(/^web /m);
  expect(stderr).toContain('not believed');
});

test.skipIf(whyNot !== undefined)("another user's process is not believed either", async () => {
  const pid = await waiting([], uid + 1);
  expect(socklens(['ls', 'web'], await claim(pid)).status).toBe(4);
});

test.skipIf(whyNot !== undefined)('nor is one in a user namespace that another user made', async () => {
  const pid = await waiting(['unshare', '--user', '--map-root-user', '--net'], uid + 1);
  const env = await claim(pid);
  const before = limitOf(pid);
  for (const args of [['ls'], ['kill', ...CLOSE_ALL], ['limits', '--set', 'nofile=100:100', '--yes']]) {
    const [verb = '', ...options] = args;
    const { status, stderr } = socklens([verb, 'web', ...options], env);
    expect([verb, status]).toEqual([verb, 4]);
    expect(stderr).toContain('not one of that user');
  }
  expect(limitOf(pid)).toBe(before);
});

test.skipIf(whyNot !== undefined)('a process in a user namespace of that user is the container', async () => {
  const pid = await waiting(['unshare', '--user', '--map-root-user', '--net'], uid);
  const env = await claim(pid);
  expect(socklens(['ls', 'web'], env)).toMatchObject({ status: 0, stderr: '' });
  expect(socklens(['ps'], env).stdout).toMatch(/^web /m);
  expect(socklens(['kill', 'web', ...CLOSE_ALL], env)).toMatchObject({ status: 0, stderr: '' });
});

test.skipIf(whyNot !== undefined)(
  'on a network that is not of that user, nothing is closed; its own limits can be set',
  async () => {
    using netns = createNetns();
    const listener = netns.spawn('busybox', ['nc', '-l', '-p', '7000']);
    await until('the listener', () => netns.run('ss', '-tlnH').includes(':7000'));
    const pid = await waiting(['ip', 'netns', 'exec', netns.name, 'setpriv', '--reuid', String(uid), '--clear-groups']);
    const env = await claim(pid);
    expect(socklens(['ls', 'web'], env).status).toBe(0);
    const { status, stderr } = socklens(['kill', 'web', '--netns', '--including-listeners', ...CLOSE_ALL], env);
    expect(status).toBe(4);
    expect(stderr).toContain('nothing was closed');
    expect(netns.run('ss', '-tlnH')).toContain(':7000');
    expect(listener.exitCode).toBeNull();
    const set = socklens(['limits', 'web', '--set', 'nofile=100:200', '--yes'], env);
    expect(set.stderr).not.toContain(`only user ${uid} says`);
    // Setting the limit of another uid's process takes CAP_SYS_RESOURCE, prlimit(2), which not every root has.
    if (set.status === 0) expect(limitOf(pid)).toMatch(/^100 +200$/);
    else expect(set.stderr).toContain('CAP_SYS_RESOURCE');
  },
);

test.skipIf(whyNot !== undefined)("the id of root's container leads to none of its processes", async () => {
  const id = ID.replace(/^71/, '72');
  const theirs = await waiting([]);
  const root = fs.existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';
  const folder = `${root}/sltest-${process.pid}/${id}`;
  fs.mkdirSync(folder, { recursive: true });
  cgroups.push(folder, path.dirname(folder));
  fs.writeFileSync(`${folder}/cgroup.procs`, String(theirs));
  const env = await claim(await waiting([], uid), id);
  const { status, stderr } = socklens(['limits', 'web', '--set', 'nofile=100:100', '--yes'], env);
  expect(status).toBe(4);
  expect(stderr).toContain(`process ${theirs}`);
  const { stdout } = socklens(['ps'], env);
  expect(stdout).toContain(id.slice(0, 12));
  expect(stdout).not.toMatch(/^web /m);
});

test.skipIf(whyNot !== undefined)('whose word an answer is: the owner of the socket, or of anything on the way', () => {
  const folder = fs.mkdtempSync('/tmp/sltest-reporter-');
  try {
    fs.mkdirSync(`${folder}/theirs`);
    fs.writeFileSync(`${folder}/theirs/socket`, '');
    fs.writeFileSync(`${folder}/ours`, '');
    expect(reporterOf(`${folder}/theirs/socket`)).toBeUndefined();
    fs.chownSync(`${folder}/theirs`, uid, uid);
    expect(reporterOf(`${folder}/theirs/socket`)).toBe(uid);
    fs.symlinkSync('../ours', `${folder}/theirs/link`);
    // That user can let the link lead elsewhere.
    expect(reporterOf(`${folder}/theirs/link`)).toBe(uid);
    fs.symlinkSync(`${folder}/theirs/socket`, `${folder}/link`);
    expect(reporterOf(`${folder}/link`)).toBe(uid);
    fs.symlinkSync('loop', `${folder}/loop`);
    expect(reporterOf(`${folder}/loop`)).toBeUndefined();
    expect(reporterOf(`${folder}/nothing`)).toBeUndefined();
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
