/** Runs the built `socklens events` while a test closes sockets: without programs in the kernel, from the destroy multicast. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
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

/**
 * The events of the sockets that have this port at either end. The kernel chooses the port of a client after its socket
 * is opened, and the line of that lacks it where it was read in between (docs/events.md): the cookie tells.
 */
export function eventsAtPort(events: readonly EventObject[], port: number): EventObject[] {
  const hasPort = ({ local, peer }: EventObject) => local?.port === port || peer?.port === port;
  const cookies = new Set(events.filter(hasPort).map(({ cookie }) => cookie ?? ''));
  cookies.delete('');
  return events.filter((event) => hasPort(event) || (isOpening(event) && cookies.has(event.cookie ?? '')));
}

/** Whether the port of the client is not in the line. */
export const isOpening = ({ event, local }: EventObject) => event === 'opened' && local?.port === 0;

/**
 * Makes something of which a timer of the kernel makes the event, and makes it again where a gap tells that the event is
 * lost: on some virtual machines the kernel runs no program while a timer interrupts their first process (docs/events.md).
 *
 * @param isTold whether its events are there
 * @returns what `make` gave whose events are there
 */
export async function toldByTimer<T>(run: EventsRun, make: () => Promise<T>, isTold: (made: T) => boolean): Promise<T> {
  const gaps = () => run.objects.filter(({ type }) => type === 'gap').length;
  for (let tries = 1; ; tries++) {
    const before = gaps();
    const made = await make();
    await until('its events, or a gap', () => isTold(made) || gaps() > before);
    if (isTold(made) || tries === MOST_TRIES) return made;
  }
}

/** A timer interrupts a certain process so often in a row only where that has the processor for itself. */
const MOST_TRIES = 5;

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
    const child = spawn(LAUNCHER, ['events', target, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DOCKER_HOST: 'unix:///nonexistent', SOCKLENS_BPF: 'off', ...env },
    });
    const run = new EventsRun(child);
    await until(`events of ${target}`, () => child.exitCode !== null || receivers(netlink(), run.pid) > 0);
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
    await until(`the close of UDP port ${port}`, () => {
      for (const run of [this, ...others]) run.#checkRunning();
      return [this, ...others].every(({ stdout }) => seen.test(stdout));
    });
    return port;
  }

  /**
   * As {@link barrier}, for packets as well: they and ends of sockets come from two buffers, read one after the other. With
   * the second end both were read since.
   */
  async barrierOfPackets(workshop: Workshop): Promise<void> {
    await this.barrier(workshop);
    await this.barrier(workshop);
  }

  /** @throws where the command has ended, with what it said */
  #checkRunning(): void {
    const { exitCode, signalCode, spawnargs } = this.#child;
    if (exitCode === null && signalCode === null) return;
    throw new Error(`${spawnargs.join(' ')}: ${exitCode ?? signalCode}, ${this.stderr}`);
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

/**
 * Number of netlink sockets of a process that are members of destroy groups: all four, or those of UDP. Other tests have
 * programs that look at every namespace.
 *
 * @param netlink text of /proc/net/netlink
 */
export function receivers(netlink: string, pid: number): number {
  const own = new Set(socketsOf(pid));
  return netlink
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, protocol, , groups]) => protocol === '4' && (groups === '0000000f' || groups === '0000000a'))
    .filter((fields) => own.has(fields[9] ?? '')).length;
}

/** Inodes of the sockets that a process holds; none once it has ended. */
function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return fs.readdirSync(folder).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`${folder}/${fd}`))?.[1] ?? [];
      } catch {
        // Closed meanwhile.
        return [];
      }
    });
  } catch {
    return [];
  }
}
