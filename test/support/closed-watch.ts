/** Runs both formats of `socklens events` while a test closes sockets, and finds the event of each. */
import { type EventObject, EventsRun } from './events-run.ts';
import { type TestNetns, until } from './netns.ts';
import type { Fd, Workshop } from './recipes/workshop.ts';

export class ClosedWatch {
  readonly json: EventsRun;
  readonly text: EventsRun;
  /** Number of closed sockets, those of barriers included. */
  expected = 0;
  readonly #netns: TestNetns;
  readonly #workshop: Workshop;
  /** UDP ports of barriers, which are closed sockets too. */
  readonly #barriers: number[] = [];

  private constructor(netns: TestNetns, workshop: Workshop, json: EventsRun, text: EventsRun) {
    this.#netns = netns;
    this.#workshop = workshop;
    this.json = json;
    this.text = text;
  }

  /** Starts both; resolves when both have dumped the sockets of the namespace. */
  static async start(netns: TestNetns, workshop: Workshop): Promise<ClosedWatch> {
    const json = await EventsRun.start(netns, '--ndjson');
    const text = await EventsRun.start(netns, '-n');
    const watch = new ClosedWatch(netns, workshop, json, text);
    await watch.#barrier();
    return watch;
  }

  /** Closes sockets and waits for their events. @param count of sockets @returns all events since the call, also when there are more than `count` */
  async closed(count: number, act: () => Promise<unknown>): Promise<EventObject[]> {
    const { json } = this;
    const before = json.connections.length;
    const known = new Set(json.connections.map(({ cookie }) => cookie));
    await act();
    await until(`${count} closed sockets`, () => json.connections.length >= before + count);
    await this.#barrier();
    this.expected += count;
    return json.connections.filter(
      ({ cookie, proto, local }) =>
        !known.has(cookie) && !(proto === 'udp' && this.#barriers.includes(local?.port ?? 0)),
    );
  }

  /** Cells of the text line with these ports; empty when there is none. */
  cells(localPort: number, peerPort: number): string[] {
    const endpoints = new RegExp(`:${localPort} +\\S+:${peerPort === 0 ? '\\*' : peerPort} `);
    const line = this.text.stdout.split('\n').find((candidate) => endpoints.test(candidate));
    return line?.split(/ {2,}/) ?? [];
  }

  /** Whether `ss` shows a socket with this local port in this state. */
  shows(state: string, localPort: number): boolean {
    return this.#netns
      .run('ss', '-tanH')
      .split('\n')
      .some((line) => {
        const [found, , , local] = line.trim().split(/\s+/);
        return found === state && local?.endsWith(`:${localPort}`);
      });
  }

  /** The workshop's descriptor of a socket. @throws when there is none */
  async descriptorOf(inode: number | undefined): Promise<Fd> {
    for (let fd = 3; fd < 300; fd++) if ((await this.#workshop.inode(fd).catch(() => 0)) === inode) return fd;
    throw new Error(`no descriptor of inode ${inode}`);
  }

  /** Sends SIGINT to both. @returns their exit statuses */
  async stop(): Promise<(number | null)[]> {
    return [await this.json.stop(), await this.text.stop()];
  }

  async #barrier(): Promise<void> {
    this.#barriers.push(await this.json.barrier(this.#workshop, this.text));
    this.expected++;
  }
}

/** Whether an event has these ports. */
export function between({ local, peer }: EventObject, localPort: number, peerPort: number): boolean {
  return local?.port === localPort && peer?.port === peerPort;
}
