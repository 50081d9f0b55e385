/**
 * Real servers for tests, one file a program. Each runs in the foreground with a folder of its own, in a namespace or
 * a container, as an unprivileged user where it refuses root, and is ended by its process id.
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestNetns, until } from '../netns.ts';
import { otherUser } from '../other-user.ts';
import type { ContainerPlace } from './container-place.ts';

/** Where a program runs. */
export type Place = TestNetns | ContainerPlace;

/** A command line, and how it is run. */
export interface Launch {
  /** Program and arguments. */
  command: readonly string[];
  /** Folder from {@link ownFolder}; removed at the end. */
  folder: string;
  /** Whether it runs as the user of {@link serviceUser} instead of root. */
  unprivileged?: boolean | undefined;
  /** Limit of open files, soft and hard; undefined for the caller's, in a container that of the place. */
  nofile?: number | undefined;
  env?: Readonly<Record<string, string>>;
  /** Content of the `/etc/resolv.conf` that it sees; undefined for the place's own. Namespaces only. */
  resolvConf?: string | undefined;
  /** The signal that ends it; default SIGTERM. */
  endSignal?: NodeJS.Signals;
  /** Whether it answers now. A throw means no. */
  answers(): boolean;
  /** How long it may take until it answers, milliseconds; default two minutes. */
  patienceMs?: number;
}

/** A running program. */
export interface Running {
  /** Process id of its first process, on this machine. */
  readonly pid: number;
  readonly folder: string;
  /** What it has written to stdout and stderr. */
  log(): string;
  /** Ends it and its children, waits for the exit, and removes its folder. Can be called twice. */
  stop(): Promise<void>;
}

/** For the answer of a program, milliseconds; only to find what hangs. */
const HANG_MS = 120_000;

/** For its end before it is killed, milliseconds. */
const END_MS = 10_000;

/** What runs, and where. */
const running = new Map<Running & { killNow(): void }, Place>();

/** Makes a folder that a server may write to. */
export function ownFolder(name: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `socklens-${name}-`));
  fs.chmodSync(folder, 0o755);
  return folder;
}

/** User and group `nobody` of Debian; undefined where this user namespace has a single user. */
export function serviceUser(): number | undefined {
  return otherUser() === undefined ? undefined : 65_534;
}

/** Gives a folder and everything in it to {@link serviceUser}. */
export function giveAway(folder: string): void {
  execFileSync('chown', ['-R', '65534:65534', folder]);
}

/** Command prefix that runs a program as {@link serviceUser}. A path, because busybox's shell prefers its own setpriv. */
export const AS_SERVICE_USER = ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];

/** Path of a program that is perhaps not on the search path, such as those of PostgreSQL. @throws when it is missing */
export function programPath(name: string): string {
  const versions = (base: string) => (fs.existsSync(base) ? fs.readdirSync(base).sort().reverse() : []);
  const postgres = '/usr/lib/postgresql';
  const folders = [...versions(postgres).map((version) => `${postgres}/${version}/bin`), '/usr/sbin', '/sbin'];
  for (const folder of [...folders, ...(process.env.PATH ?? '').split(':')]) {
    const file = path.join(folder, name);
    if (fs.existsSync(file)) return file;
  }
  throw new Error(`no program ${name}`);
}

/** The first missing program of these; undefined when all are installed. A reason to skip a test. */
export function missingProgram(...names: string[]): string | undefined {
  for (const name of names) {
    try {
      programPath(name);
    } catch {
      return `no program ${name}; see test/support/software/packages.conf`;
    }
  }
  return undefined;
}

/**
 * Starts a program and waits until it answers.
 *
 * @throws with its output when it ends before, or does not answer in time
 */
export async function launch(place: Place, options: Launch): Promise<Running> {
  const { folder, endSignal = 'SIGTERM', patienceMs = HANG_MS } = options;
  if (options.unprivileged) giveAway(folder);
  const logFile = `${folder}.log`;
  const child = 'container' in place ? await place.start(options, logFile) : startHere(place, options, logFile);
  const log = () => (fs.existsSync(logFile) ? fs.readFileSync(logFile, 'utf8') : '');
  const descendants = () => treeOf(child.pid);
  let stopped: Promise<void> | undefined;
  const program = {
    pid: child.pid,
    folder,
    log,
    stop() {
      stopped ??= (async () => {
        const tree = descendants();
        child.end(endSignal);
        const left = () => tree.filter((pid) => fs.existsSync(`/proc/${pid}`) && !isZombie(pid));
        await until(`${options.command[0]} to end`, () => left().length === 0, END_MS).catch(() => {
          for (const pid of left()) kill(pid);
        });
        await child.ended;
        running.delete(program);
        removeFiles();
      })();
      return stopped;
    },
    killNow() {
      for (const pid of descendants()) kill(pid);
      removeFiles();
    },
  };
  const removeFiles = () => {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    fs.rmSync(logFile, { force: true });
  };
  running.set(program, place);
  try {
    await until(
      `an answer of ${options.command[0]}`,
      () => {
        if (child.hasEnded()) throw new Error('it has ended');
        try {
          return options.answers();
        } catch {
          return false;
        }
      },
      patienceMs,
    );
  } catch (error) {
    const text = log();
    await program.stop();
    throw new Error(`${options.command.join(' ')}: ${(error as Error).message}\n${text}`);
  }
  return program;
}

/** A started process, in a namespace or as the first one of a container. */
export interface Started {
  pid: number;
  hasEnded(): boolean;
  ended: Promise<unknown>;
  end(signal: NodeJS.Signals): void;
}

/** Command with the user, the limit and the resolver in front. */
export function fullCommand({ command, unprivileged, nofile, folder, resolvConf }: Launch): string[] {
  const limit = nofile === undefined ? [] : ['prlimit', `--nofile=${nofile}:${nofile}`, '--'];
  return [...ownResolver(folder, resolvConf), ...limit, ...(unprivileged ? AS_SERVICE_USER : []), ...command];
}

function ownResolver(folder: string, content: string | undefined): string[] {
  if (content === undefined) return [];
  const file = `${folder}/resolv.conf`;
  fs.writeFileSync(file, content);
  const script = `mount --bind '${file}' /etc/resolv.conf && exec "$@"`;
  return ['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-c', script, 'sh'];
}

function startHere(netns: TestNetns, options: Launch, logFile: string): Started {
  const [program = '', ...args] = fullCommand(options);
  const output = fs.openSync(logFile, 'a');
  const child: ChildProcess = netns.spawn(program, args, {
    stdio: ['ignore', output, output],
    env: { ...process.env, LC_ALL: 'C', ...options.env },
    cwd: options.folder,
  });
  fs.closeSync(output);
  if (child.pid === undefined) throw new Error(`${program} cannot be started`);
  return {
    pid: child.pid,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    ended: child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve(),
    end: (signal) => child.kill(signal),
  };
}

/** Whether something listens on a TCP port inside. */
export function listens(place: Place, port: number): boolean {
  return place.run('ss', '-Hltn', 'sport', '=', `:${port}`).trim() !== '';
}

/** A process and its descendants. */
function treeOf(root: number): number[] {
  if (root <= 1) return [];
  const children = new Map<number, number[]>();
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent === undefined) continue;
    const list = children.get(parent);
    if (list === undefined) children.set(parent, [Number(name)]);
    else list.push(Number(name));
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** The fields of `/proc/PID/stat` after the name, proc_pid_stat(5); undefined when it has exited. */
function statOf(pid: number): string[] | undefined {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

function isZombie(pid: number): boolean {
  return statOf(pid)?.[0] === 'Z';
}

function kill(pid: number): void {
  // 0 is the own process group, 1 is the machine.
  if (pid <= 1) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has exited.
  }
}

/**
 * Ends the programs of this process. For `afterEach`, before the namespaces are removed.
 *
 * @param places ends only those that run there; undefined for all
 */
export async function stopSoftware(places?: readonly Place[]): Promise<void> {
  const wanted = [...running].filter(([, place]) => places?.includes(place) ?? true);
  await Promise.all(wanted.map(([program]) => program.stop()));
}

process.on('exit', () => {
  for (const program of running.keys()) program.killNow();
});
