/** Runs the built `socklens events` while a test closes sockets: without programs in the kernel, from the destroy multicast. */
import { type ChildProcess, spawn } from 'node:child_process';
import { LAUNCHER } from './cli.ts';
import { type TestNetns, until } from './netns.ts';
import { AF, SOCK } from './recipes/constants.ts';
import type { Workshop } from './recipes/workshop.ts';

/** Fields of an `--ndjson` object that tests use. */
export interface EventObject {
  type: 'connection' | 'gap' | 'summary';
  proto?: string;
  family?: string;
  target?: string;
  local?: { address: string; port: number; name?: string; service?: string };
  peer?: { address: string; port: number; name?: string; service?: string };
  role?: string;
  event?: 'opened' | 'established' | 'failed' | 'closed';
  processes?: { pid: number; name: string }[];
  latencyUs?: number;
  errno?: string;
  closedBy?: 'local' | 'peer';
  source?: 'tracepoint' | 'sock_diag';
  lostEvents?: number;
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

/** A UDP socket can be connected to this address although no socket is bound there. */
const UNUSED = { host: '127.0.0.1', port: 9 };

export class EventsRun {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
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
    this.#exited = new Promise((resolve) => child.once('close', resolve));
  }

  /** Starts the command; resolves when its netlink socket is a member of the namespace's event groups. */
  static async start(netns: TestNetns, ...args: string[]): Promise<EventsRun> {
    return EventsRun.startOn(() => netns.run('cat', '/proc/net/netlink'), `netns:${netns.name}`, args);
  }

  /** As {@link start}, from the kernel's tracepoint. */
  static async startWithPrograms(netns: TestNetns, ...args: string[]): Promise<EventsRun> {
    const netlink = () => netns.run('cat', '/proc/net/netlink');
    return EventsRun.startOn(netlink, `netns:${netns.name}`, args, { SOCKLENS_BPF: 'on' });
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
      env: { ...process.env, DOCKER_HOST: 'unix:///nonexistent', SOCKLENS_BPF: 'off', ...env },
    });
    const run = new EventsRun(child);
    await until(`events of ${target}`, () => child.exitCode !== null || receivers(netlink()) > before);
    if (child.exitCode !== null) throw new Error(`events ${args.join(' ')}: status ${child.exitCode}, ${run.stderr}`);
    return run;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Objects that were printed; only for `--ndjson`. */
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
   * Closes a new socket and waits until this run and others print it: by then all earlier events are read,
   * and the first dump is complete.
   *
   * @returns its port
   */
  async barrier(workshop: Workshop, ...others: EventsRun[]): Promise<number> {
    const fd = await workshop.socket(AF.INET, SOCK.DGRAM);
    await workshop.connect(fd, UNUSED);
    const port = await workshop.port(fd);
    await workshop.close(fd);
    const seen = new RegExp(`127\\.0\\.0\\.1(:|","port":)${port}\\b`);
    await until(`the close of UDP port ${port}`, () => [this, ...others].every(({ stdout }) => seen.test(stdout)));
    return port;
  }

  /** Sends SIGINT. @returns the exit status */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGINT');
    return this.#exited;
  }

  /** Waits for the exit without a signal. @returns the exit status */
  async exited(): Promise<number | null> {
    return this.#exited;
  }
}

/** Number of netlink sockets that are members of destroy groups: all four, or those of UDP. @param netlink text of /proc/net/netlink */
export function receivers(netlink: string): number {
  return netlink
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, protocol, , groups]) => protocol === '4' && (groups === '0000000f' || groups === '0000000a')).length;
}
