import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { until } from './netns.ts';
import { createPrivateNamespaces, type PrivateNamespaces } from './private-namespaces.ts';

/** How long an Engine may take to start, and to stop, in milliseconds. */
const START_MS = 120_000;
const STOP_MS = 30_000;

/** A private Engine of the test run. */
export interface PrivateEngine {
  /** `unix:///…/docker.sock` */
  endpoint: string;
  /** A process in the network namespace that is `--network host` for its containers. */
  hostPid: number;
  /** Process id of the running daemon; undefined before its start. */
  daemonPid(): number | undefined;
  /** Stops the daemon, and with it the containers, unless it was started with `--live-restore`; all of them stay. */
  down(): Promise<void>;
  /** Starts the daemon again. */
  up(): Promise<void>;
  /** One after the other. */
  restart(): Promise<void>;
  /** Kills the daemon and its containers, waits for their exit, and removes all files. */
  stop(): Promise<void>;
}

/**
 * Starts `dockerd` in private network and mount namespaces: in the host's it would change the bridges,
 * routes and packet filter of the host's Engine. The path of its socket is valid in all mount namespaces.
 * Containers reach each other and the Engine's namespace, where published ports are open; they do not
 * reach other networks.
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
  let namespaces: PrivateNamespaces | undefined;
  try {
    namespaces = await createPrivateNamespaces();
    const daemon = new Daemon(namespaces, more, ping);
    await daemon.start();
    return {
      endpoint: daemon.endpoint,
      hostPid: namespaces.pid,
      daemonPid: () => daemon.pid,
      down: () => daemon.down(),
      up: () => daemon.start(),
      async restart() {
        await daemon.down();
        await daemon.start();
      },
      stop: () => daemon.stop(),
    };
  } catch (error) {
    const log = namespaces === undefined ? '' : `: ${lastLines(`${namespaces.folder}/log`)}`;
    await namespaces?.end();
    return `no Docker Engine is reachable, and a private one did not start: ${(error as Error).message}${log}`;
  }
}

class Daemon {
  readonly endpoint: string;
  readonly #namespaces: PrivateNamespaces;
  readonly #more: readonly string[];
  readonly #ping: (endpoint: string) => Promise<boolean>;
  #child: ChildProcess | undefined;

  constructor(namespaces: PrivateNamespaces, more: readonly string[], ping: (endpoint: string) => Promise<boolean>) {
    this.#namespaces = namespaces;
    this.#more = more;
    this.#ping = ping;
    this.endpoint = `unix://${namespaces.folder}/docker.sock`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    const { enter, folder } = this.#namespaces;
    const log = fs.openSync(`${folder}/log`, 'a');
    const command = [...enter, 'dockerd', ...daemonOptions(folder), ...this.#more];
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', ...command], { stdio: ['ignore', log, log] });
    fs.closeSync(log);
    this.#child = child;
    await until(
      'the private Docker Engine',
      async () => {
        if (hasEnded(child)) throw new Error(`dockerd exited with status ${child.exitCode ?? child.signalCode}`);
        return this.#ping(this.endpoint);
      },
      START_MS,
    );
  }

  /** Kills it without a graceful stop. */
  async stop(): Promise<void> {
    await this.#namespaces.end();
  }

  /** Stops the daemon and its containers with SIGTERM, then with SIGKILL after {@link STOP_MS}. */
  async down(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const ended = () => hasEnded(child);
    child.kill('SIGTERM');
    try {
      await until('the exit of the private Docker Engine', ended, STOP_MS);
    } catch {
      child.kill('SIGKILL');
      await until('the exit of the private Docker Engine', ended, STOP_MS);
    }
  }
}

function daemonOptions(folder: string): string[] {
  // dockerd requires that a configured file exists.
  fs.writeFileSync(`${folder}/daemon.json`, '{}');
  return [
    `--config-file=${folder}/daemon.json`,
    `--data-root=${folder}/data`,
    `--exec-root=${folder}/exec`,
    `--pidfile=${folder}/docker.pid`,
    `--host=unix://${folder}/docker.sock`,
    // No traffic enters or leaves the namespace, so it needs neither NAT nor filters.
    '--iptables=false',
    '--ip6tables=false',
    '--shutdown-timeout=2',
  ];
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function lastLines(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n').slice(-3).join(' | ') : 'no log';
}

function hasProgram(name: string): boolean {
  const folders = (process.env.PATH ?? '').split(':');
  return folders.some((folder) => fs.existsSync(path.join(folder, name)));
}
