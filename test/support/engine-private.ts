import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { until } from './netns.ts';
import { createPrivateNamespaces, type PrivateNamespaces } from './private-namespaces.ts';

/** How long an Engine may take to start, and to stop, in milliseconds. */
const START_MS = 60_000;
const STOP_MS = 30_000;

/** An Engine of the test run's own. */
export interface PrivateEngine {
  /** `unix:///…/docker.sock` */
  endpoint: string;
  /** A process in the network that its containers know as `host`. */
  hostPid: number;
  /** Process id of the daemon that runs now. */
  daemonPid(): number | undefined;
  /** Ends it and starts it again, with the same containers and images. */
  restart(): Promise<void>;
  /** Kills it with its containers and waits for their end: nothing of it stays. */
  stop(): Promise<void>;
}

/**
 * Starts `dockerd` in a network namespace and a mount namespace of its own: in those of the host it
 * would change the bridges, routes and packet filter of an Engine that is there. Its socket is reached
 * by its path from everywhere. Containers reach each other and the Engine's namespace, published
 * ports are open there, and the outside stays out of reach.
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
      restart: () => daemon.restart(),
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
        if (hasEnded(child)) throw new Error(`dockerd ended with status ${child.exitCode ?? child.signalCode}`);
        return this.#ping(this.endpoint);
      },
      START_MS,
    );
  }

  async restart(): Promise<void> {
    await this.#end();
    await this.start();
  }

  /** At once: nothing of it is needed again. */
  async stop(): Promise<void> {
    await this.#namespaces.end();
  }

  /** Asks it to end, which takes its containers along; does not wait for ever. */
  async #end(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const ended = () => hasEnded(child);
    child.kill('SIGTERM');
    try {
      await until('the end of the private Docker Engine', ended, STOP_MS);
    } catch {
      child.kill('SIGKILL');
      await until('the end of the private Docker Engine', ended, STOP_MS);
    }
  }
}

function daemonOptions(folder: string): string[] {
  // A file that does not exist is only allowed where it is the default: an empty one is always good.
  fs.writeFileSync(`${folder}/daemon.json`, '{}');
  return [
    `--config-file=${folder}/daemon.json`,
    `--data-root=${folder}/data`,
    `--exec-root=${folder}/exec`,
    `--pidfile=${folder}/docker.pid`,
    `--host=unix://${folder}/docker.sock`,
    // Nothing goes in or out of the namespace: there is nothing to translate or to keep out.
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
