/**
 * Network namespaces for tests, made with `ip netns`, loopback up, removed when the process exits. Names contain
 * the process and thread id, so that test files can run side by side.
 */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { threadId } from 'node:worker_threads';

const NETNS_DIRECTORY = '/run/netns';
const PREFIX = 'sltest';
/** Limit for the output of `ss` on very many sockets. */
const MAX_OUTPUT_BYTES = 512 * 1024 * 1024;

/** For a state that has to come, milliseconds; only to find what hangs. */
const HANG_MS = 120_000;

let counter = 0;
const mine = new Set<TestNetns>();

/** A network namespace of a test. */
export interface TestNetns {
  /** Name for `ip netns`. */
  readonly name: string;
  /** The file to open for setns: `/run/netns/NAME`. */
  readonly path: string;
  /** Inode of the namespace, as `stat -L` and `/proc/PID/ns/net` show it. */
  readonly inode: number;
  /**
   * Runs a program inside. @returns its stdout
   *
   * @throws for an exit status other than 0, with its stderr in the message
   */
  run(program: string, ...args: string[]): string;
  /** Starts a program inside. {@link remove} kills it when the caller has not. */
  spawn(program: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Starts a TypeScript file inside, in a Node that strips types. */
  spawnNode(script: string, args?: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Kills the programs that this object started, and deletes the namespace. Can be called twice. */
  remove(): void;
  /** So that `using netns = createNetns()` removes it. */
  [Symbol.dispose](): void;
}

/** Makes a namespace with loopback up. Removes what killed tests left behind first. */
export function createNetns(): TestNetns {
  if (counter === 0) removeStale();
  const name = `${PREFIX}-${process.pid}-${threadId}-${counter++}`;
  execFileSync('ip', ['netns', 'add', name]);
  const netns = makeNetns(name);
  mine.add(netns);
  netns.run('ip', 'link', 'set', 'lo', 'up');
  return netns;
}

/** Removes all namespaces of this process; called on exit, too. */
export function removeAllNetns(): void {
  for (const netns of mine) netns.remove();
}

/**
 * Joins two namespaces with a veth pair.
 *
 * @param left namespace, interface name and address with prefix length: `10.77.0.1/24` or `fd77::1/64`
 */
export function connectNetns(left: VethEnd, right: VethEnd): void {
  const { netns: leftNetns, device: leftDevice = 'eth0' } = left;
  const { netns: rightNetns, device: rightDevice = 'eth0' } = right;
  const peer = ['peer', 'name', rightDevice, 'netns', rightNetns.name];
  leftNetns.run('ip', 'link', 'add', leftDevice, 'type', 'veth', ...peer);
  for (const { netns, device = 'eth0', addresses } of [left, right]) {
    for (const address of addresses) {
      // Duplicate address detection would keep an IPv6 address unusable for a second.
      const nodad = address.includes(':') ? ['nodad'] : [];
      netns.run('ip', 'address', 'add', address, 'dev', device, ...nodad);
    }
    netns.run('ip', 'link', 'set', device, 'up');
  }
}

/** One end of a veth pair. */
export interface VethEnd {
  netns: TestNetns;
  /** Interface name inside the namespace; default `eth0`. */
  device?: string;
  /** Addresses with their prefix length. */
  addresses: readonly string[];
}

/**
 * Path of a Node that runs TypeScript files: the pinned one, because the machine's may be too old to strip types.
 */
export function nodeProgram(): string {
  const installed = path.resolve(import.meta.dirname, '../../node_modules/.bin/node');
  return fs.existsSync(installed) ? installed : process.execPath;
}

/**
 * Polls until `check` returns something, for at most `timeoutMs`.
 *
 * @param what for the error's text: `a TIME_WAIT row`
 * @throws on timeout, and what `check` throws; but where a process ended while its files were read, it is not there yet
 */
export async function until<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = HANG_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await unlessEnded(check);
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function unlessEnded<T>(check: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await check();
  } catch (error) {
    const { code, path: file = '' } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH' || (code === 'ENOENT' && /^\/proc\/\d+\//.test(file))) return undefined;
    throw error;
  }
}

function makeNetns(name: string): TestNetns {
  const file = `${NETNS_DIRECTORY}/${name}`;
  const children = new Set<ChildProcess>();
  const netns: TestNetns = {
    name,
    path: file,
    inode: fs.statSync(file).ino,
    run(program, ...args) {
      return execFileSync('nsenter', [`--net=${file}`, '--', program, ...args], {
        encoding: 'utf8',
        maxBuffer: MAX_OUTPUT_BYTES,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, LC_ALL: 'C' },
      });
    },
    spawn(program, args, options = {}) {
      // nsenter becomes the program: its process id is the program's.
      const child = spawn('nsenter', [`--net=${file}`, '--', program, ...args], options);
      children.add(child);
      child.once('exit', () => children.delete(child));
      return child;
    },
    spawnNode(script, args = [], options = {}) {
      return netns.spawn(nodeProgram(), ['--disable-warning=ExperimentalWarning', script, ...args], options);
    },
    remove() {
      if (!mine.delete(netns)) return;
      for (const child of children) child.kill('SIGKILL');
      children.clear();
      deleteNamed(name);
    },
    [Symbol.dispose]() {
      netns.remove();
    },
  };
  return netns;
}

function deleteNamed(name: string): void {
  try {
    execFileSync('ip', ['netns', 'delete', name], { stdio: 'ignore' });
  } catch {
    // A test may have deleted it on purpose.
  }
}

/** Removes the namespaces of test processes that have exited. */
function removeStale(): void {
  let names: string[];
  try {
    names = fs.readdirSync(NETNS_DIRECTORY);
  } catch {
    return;
  }
  for (const name of names) {
    const pid = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !fs.existsSync(`/proc/${pid}`)) deleteNamed(name);
  }
}

process.on('exit', removeAllNetns);
