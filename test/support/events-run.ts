/** `socklens events` as its users have it, while a test makes sockets end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { LAUNCHER } from './cli.ts';
import { type TestNetns, until } from './netns.ts';
import { AF, SOCK } from './recipes/constants.ts';
import type { Workshop } from './recipes/workshop.ts';

/** An object of `--ndjson`, as far as tests look at it. */
export interface EventObject {
  type: 'connection' | 'gap' | 'summary';
  proto?: string;
  family?: string;
  target?: string;
  local?: { address: string; port: number; name?: string; service?: string };
  peer?: { address: string; port: number; name?: string; service?: string };
  role?: string;
  process?: { pid: number; name: string };
  container?: string;
  lifetime?: { atLeastMs: number; atMostMs?: number };
  bytesSent?: number;
  bytesReceived?: number;
  rttUs?: number;
  retransmits?: number;
  outcome?: string;
  cookie?: string;
  at?: string;
  from?: string;
  to?: string;
  connections?: number;
  gaps?: number;
  peers?: { peer: string; role: string; connections: number; outcomes: Record<string, number> }[];
}

/** Discards nothing and answers nothing: a UDP socket may be connected to it without anybody there. */
const NOBODY = { host: '127.0.0.1', port: 9 };

export class EventsRun {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  stdout = '';
  stderr = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk;
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.#ended = new Promise((resolve) => child.once('close', resolve));
  }

  /** Comes back when the kernel has the verb's socket among the receivers of the namespace's events. */
  static async start(netns: TestNetns, ...args: string[]): Promise<EventsRun> {
    return EventsRun.startOn(() => netns.run('cat', '/proc/net/netlink'), `netns:${netns.name}`, args);
  }

  /** @param netlink text of /proc/PID/net/netlink of the namespace */
  static async startOn(
    netlink: () => string,
    target: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<EventsRun> {
    const before = receivers(netlink());
    const child = spawn(LAUNCHER, ['events', target, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DOCKER_HOST: 'unix:///nonexistent', ...env },
    });
    const run = new EventsRun(child);
    await until(`events of ${target}`, () => child.exitCode !== null || receivers(netlink()) > before);
    if (child.exitCode !== null) throw new Error(`events ${args.join(' ')}: status ${child.exitCode}, ${run.stderr}`);
    return run;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The objects so far; of text there are none. */
  get objects(): EventObject[] {
    return this.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as EventObject);
  }

  get connections(): EventObject[] {
    return this.objects.filter(({ type }) => type === 'connection');
  }

  /**
   * Waits until the end of a socket that is made for it is told, by this run and by others: what ended
   * before was read, and the first dump was taken.
   *
   * @returns its port
   */
  async barrier(workshop: Workshop, ...others: EventsRun[]): Promise<number> {
    const fd = await workshop.socket(AF.INET, SOCK.DGRAM);
    await workshop.connect(fd, NOBODY);
    const port = await workshop.port(fd);
    await workshop.close(fd);
    const seen = new RegExp(`127\\.0\\.0\\.1(:|","port":)${port}\\b`);
    await until(`the end of UDP port ${port}`, () => [this, ...others].every(({ stdout }) => seen.test(stdout)));
    return port;
  }

  /** Ends it as Ctrl-C does. @returns its status */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGINT');
    return this.#ended;
  }

  /** Its status, when it ends by itself. */
  async ended(): Promise<number | null> {
    return this.#ended;
  }
}

/** Netlink sockets of the namespace that are members of the four destroy groups, from /proc/net/netlink. */
export function receivers(netlink: string): number {
  return netlink
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, protocol, , groups]) => protocol === '4' && groups === '0000000f').length;
}
