import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { until } from './netns.ts';

/** Folders of private Engines: the owner's process id follows. */
const FOLDER_PREFIX = 'socklens-engine-';
/** Bridges of private Engines: the owner's process id follows. An interface's name has 15 characters. */
const BRIDGE_PREFIX = 'slens';

/** How long an Engine may take to start, and to stop, in milliseconds. */
const START_MS = 60_000;
const STOP_MS = 30_000;

/** An Engine of the test run's own. */
export interface PrivateEngine {
  /** `unix:///…/docker.sock` */
  endpoint: string;
  /** Ends it and starts it again, with the same containers and images. */
  restart(): Promise<void>;
  /** Ends it, waits for its end, and removes its folder, mounts and bridge. */
  stop(): Promise<void>;
}

/**
 * Starts `dockerd` with folders, a socket and a bridge of its own, so that it can run beside another.
 *
 * It leaves the host's packet filter alone, which another Engine may use, but for one rule for its
 * own bridge: containers reach each other and the host, published ports work through docker-proxy,
 * and the outside stays out of reach.
 *
 * @param ping whether an Engine answers at an endpoint
 * @param more options of dockerd, such as `--live-restore`
 * @returns the reason when it cannot be started
 */
export async function startPrivateEngine(
  ping: (endpoint: string) => Promise<boolean>,
  more: readonly string[] = [],
): Promise<PrivateEngine | string> {
  if (!hasProgram('dockerd')) return 'no Docker Engine is reachable, and there is no dockerd program to start one';
  if (process.getuid?.() !== 0) return 'no Docker Engine is reachable, and starting one needs root';
  removeStale();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
  const bridge = `${BRIDGE_PREFIX}${process.pid}`;
  const endpoint = `unix://${folder}/docker.sock`;
  let child: ChildProcess | undefined;
  const start = async () => {
    const log = fs.openSync(`${folder}/log`, 'a');
    const options = [...daemonOptions(folder, bridge), ...more];
    const running = spawn('setpriv', ['--pdeathsig', 'TERM', '--', 'dockerd', ...options], {
      stdio: ['ignore', log, log],
    });
    child = running;
    fs.closeSync(log);
    await until(
      'the private Docker Engine',
      async () => {
        if (running.exitCode !== null) throw new Error(`dockerd ended with status ${running.exitCode}`);
        return ping(endpoint);
      },
      START_MS,
    );
  };
  const restart = async () => {
    if (child !== undefined) await endProcess(child);
    await start();
  };
  const stop = async () => {
    if (child !== undefined) await endProcess(child);
    removeTraces(folder, bridge);
  };
  try {
    makeBridge(bridge);
    await start();
    return { endpoint, restart, stop };
  } catch (error) {
    const said = fs.readFileSync(`${folder}/log`, 'utf8').trim().split('\n').slice(-3).join(' | ');
    await stop();
    return `no Docker Engine is reachable, and a private one did not start: ${(error as Error).message}: ${said}`;
  }
}

function daemonOptions(folder: string, bridge: string): string[] {
  return [
    `--data-root=${folder}/data`,
    `--exec-root=${folder}/exec`,
    `--pidfile=${folder}/docker.pid`,
    `--host=unix://${folder}/docker.sock`,
    // A file that does not exist is only allowed where it is the default: an empty one is always good.
    `--config-file=${emptyConfig(folder)}`,
    `--bridge=${bridge}`,
    '--iptables=false',
    '--ip6tables=false',
    '--ip-forward=false',
    '--ip-masq=false',
    // For user-defined networks; clear of the default pools, which another Engine may use.
    '--default-address-pool=base=10.214.0.0/16,size=24',
    // Where a containerd of the machine's is used, another Engine may use it too.
    `--containerd-namespace=${bridge}`,
    `--containerd-plugins-namespace=${bridge}-plugins`,
    '--shutdown-timeout=2',
  ];
}

function emptyConfig(folder: string): string {
  fs.writeFileSync(`${folder}/daemon.json`, '{}');
  return `${folder}/daemon.json`;
}

/** A bridge with an IPv4 subnet that nobody here uses. */
function makeBridge(bridge: string): void {
  const used = ip('-o', '-4', 'address', 'show');
  const third = Array.from({ length: 250 }, (_, index) => index).find((octet) => !used.includes(` 10.213.${octet}.`));
  ip('link', 'add', bridge, 'type', 'bridge');
  ip('address', 'add', `10.213.${third}.1/24`, 'dev', bridge);
  ip('link', 'set', bridge, 'up');
  // Another Engine has what it does not know dropped, on bridges too where br_netfilter is loaded.
  quietly('iptables', '-w', '-I', ...withinBridge(bridge));
}

function withinBridge(bridge: string): string[] {
  return ['FORWARD', '-i', bridge, '-o', bridge, '-j', 'ACCEPT'];
}

/** Asks it to end, which takes its containers along; does not wait for ever. */
async function endProcess(child: ChildProcess): Promise<void> {
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  child.kill('SIGTERM');
  try {
    await until('the end of the private Docker Engine', ended, STOP_MS);
  } catch {
    child.kill('SIGKILL');
    await until('the end of the private Docker Engine', ended, STOP_MS);
  }
}

function removeTraces(folder: string, bridge: string): void {
  for (const mount of mountsBelow(folder)) quietly('umount', '-l', mount);
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  quietly('iptables', '-w', '-D', ...withinBridge(bridge));
  quietly('ip', 'link', 'delete', bridge);
}

/** Mount points in a folder, the innermost first, proc_pid_mountinfo(5). */
function mountsBelow(folder: string): string[] {
  return fs
    .readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((mount) => mount.startsWith(`${folder}/`))
    .reverse();
}

/** Removes what a killed test run left behind. Its Engine ended with it. */
function removeStale(): void {
  for (const name of fs.readdirSync(os.tmpdir())) {
    const pid = new RegExp(`^${FOLDER_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || fs.existsSync(`/proc/${pid}`)) continue;
    const folder = path.join(os.tmpdir(), name);
    // Its Engine may still be about to end.
    const daemon = readPid(`${folder}/docker.pid`);
    if (daemon === undefined || !fs.existsSync(`/proc/${daemon}`)) removeTraces(folder, `${BRIDGE_PREFIX}${pid}`);
  }
}

function readPid(file: string): string | undefined {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim() : undefined;
}

function hasProgram(name: string): boolean {
  const folders = (process.env.PATH ?? '').split(':');
  return folders.some((folder) => fs.existsSync(path.join(folder, name)));
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}

function quietly(program: string, ...args: string[]): void {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
  } catch {
    // It was gone already.
  }
}
