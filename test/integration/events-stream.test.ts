/**
 * `socklens events` as a stream: under load, with a buffer that is too small, ended by its flags, by
 * signals and by its reader, and with filters.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { events } from '../../src/commands/events/events.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { Sampler } from '../../src/sources/live/sampler.ts';
import { endsTo, type TickRequest } from '../../src/sources/sample-source.ts';
import { LAUNCHER, socklens } from '../support/cli.ts';
import { type EventObject, EventsRun, receivers } from '../support/events-run.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { pause, resume } from '../support/pause.ts';
import { AF, OPT, SHUT, SOCK } from '../support/recipes/constants.ts';
import { freePort, V4 } from '../support/recipes/recipe-context.ts';
import { type Pair, Workshop } from '../support/recipes/workshop.ts';

const GENERATOR = path.resolve(import.meta.dirname, '../support/recipes/churn-main.ts');

let netns: TestNetns;
let workshop: Workshop;

beforeEach(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
});
afterEach(async () => {
  await workshop?.stop();
  netns?.remove();
});

/** Opens and closes connections at a rate. @returns their number when the generator has exited */
function churn(rate: number, seconds: number) {
  const child = netns.spawnNode(GENERATOR, [String(rate), String(seconds)], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  return {
    child,
    ready: () => until('the generator', () => said.includes('ready')),
    async run(): Promise<number> {
      child.stdin?.write('\n');
      await once(child, 'close');
      return Number(/^(\d+) /m.exec(said)?.[1]);
    },
  };
}

const tcp = (objects: EventObject[]) => objects.filter(({ type, proto }) => type === 'connection' && proto === 'tcp');

describe('events: load', () => {
  it('each of ten thousands of sockets is printed once', async () => {
    const generator = churn(8000, 3);
    await generator.ready();
    const run = await EventsRun.start(netns, '--ndjson');
    const made = await generator.run();
    expect(made).toBe(24_000);
    await run.barrier(workshop);
    expect(await run.stop()).toBe(0);
    const ended = tcp(run.objects);
    expect(ended).toHaveLength(made * 2);
    expect(new Set(ended.map(({ cookie }) => cookie)).size).toBe(made * 2);
    expect(new Set(ended.map(({ outcome }) => outcome))).toEqual(new Set(['closed']));
    // Each connection has two sockets, and both are printed.
    const keys = new Set(
      ended.map(({ local, peer }) => `${local?.address}:${local?.port} ${peer?.address}:${peer?.port}`),
    );
    const both = ended.filter(({ local, peer }) =>
      keys.has(`${peer?.address}:${peer?.port} ${local?.address}:${local?.port}`),
    );
    expect(both).toHaveLength(made * 2);
    expect(run.objects.at(-1)).toMatchObject({ type: 'summary', gaps: 0, connections: made * 2 + 1 });
  });

  it('what is closed while a namespace is prepared is reported', async () => {
    const listener = await workshop.tcpListener(V4);
    const pair = await workshop.tcpPair(listener);
    const source = await Sampler.start(
      localMachine({ DOCKER_HOST: 'unix:///nonexistent', SOCKLENS_BPF: 'off' }),
      `netns:${netns.name}`,
      {
        intervalMs: 100,
        events: true,
        eventsOnly: true,
        names: false,
        host: false,
      },
    );
    try {
      const closed: string[] = [];
      const request: TickRequest = {
        isForeground: () => false,
        query: everySocket,
        processes: 'no',
        allCounters: false,
        // As long as names of a filter are looked up.
        prepare: async () => {
          await workshop.close(pair.client);
          await workshop.recv(pair.server, 1);
          await workshop.close(pair.server);
        },
        events: endsTo((_, { socket }) => closed.push(`${socket.localPort} ${socket.peerPort}`)),
      };
      // The kernel sends events from a work queue: they may come some ticks later.
      await until('both ends', async () => {
        await source.next(request);
        return closed.length >= 2;
      });
      const { port } = listener;
      expect(closed.sort()).toEqual([`${pair.clientPort} ${port}`, `${port} ${pair.clientPort}`].sort());
    } finally {
      source.close();
    }
  });

  it('a full buffer: a gap says when, the stream goes on, and what is remembered is right again', async () => {
    const generator = churn(20_000, 1);
    await generator.ready();
    const stop = new AbortController();
    let written = '';
    const write = (text: string | Uint8Array) => {
      written += decode(text);
    };
    const output = { columns: undefined, write };
    const objects = () =>
      written
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as EventObject);
    // A buffer for about 50 events; 800 occur between two reads.
    const flow = events(
      {
        machine: localMachine({ DOCKER_HOST: 'unix:///nonexistent', SOCKLENS_BPF: 'off' }),
        out: output,
        err: output,
        stopSignal: () => stop.signal,
      },
      {
        target: `netns:${netns.name}`,
        filter: '',
        asSs: false,
        protos: ['tcp', 'udp'],
        kinds: ['failed', 'closed'],
        packets: [],
        numeric: true,
        forMs: undefined,
        count: undefined,
        format: 'ndjson',
        bufferBytes: 64 * 1024,
      },
    );
    try {
      await until('the receiver', () => receivers(netns.run('cat', '/proc/net/netlink'), process.pid) > 0);
      const from = Date.now();
      const made = await generator.run();
      expect(tcp(objects()).length).toBeLessThan(made * 2);
      const gapsSoFar = () => objects().filter(({ type }) => type === 'gap');
      const gaps = gapsSoFar();
      expect(gaps.length).toBeGreaterThan(0);
      for (const gap of gaps) {
        expect(gap).toMatchObject({ target: `netns:${netns.name}`, reason: expect.stringContaining('buffer') });
        expect(Date.parse(gap.to ?? '')).toBeGreaterThanOrEqual(Date.parse(gap.from ?? ''));
        expect(Date.parse(gap.to ?? '')).toBeGreaterThanOrEqual(from);
        expect(Date.parse(gap.from ?? '')).toBeLessThanOrEqual(Date.now());
      }
      // Opened after the loss: when one is printed with its owner, a dump has the earlier ones, too.
      const listener = await workshop.tcpListener(V4);
      const pair = await workshop.tcpPair(listener);
      // The port of a client may be one that the generator had, of whose ends some are printed.
      const endOf = (clientPort: number) =>
        objects().find(({ local, peer }) => local?.port === clientPort && peer?.port === listener.port);
      const probes: Pair[] = [];
      for (let index = 0; index < 100; index++) probes.push(await workshop.tcpPair(listener));
      await until('a dump', async () => {
        const { client = 0, clientPort = 0 } = probes.pop() ?? {};
        const gapsBefore = gapsSoFar().length;
        await workshop.close(client);
        const end = await until(
          'an end, or the gap in which it was lost',
          () => endOf(clientPort) ?? (gapsSoFar().length > gapsBefore && 'lost'),
        );
        return end !== 'lost' && end.processes?.[0]?.pid === workshop.pid;
      });
      await workshop.setsockopt(pair.client, OPT.SOL_SOCKET, OPT.SO_LINGER, 1, 0);
      await workshop.close(pair.client);
      const end = await until('the end', () => endOf(pair.clientPort));
      expect(end).toMatchObject({ outcome: 'aborted', processes: [{ pid: workshop.pid }], local: { address: V4 } });
      stop.abort();
      await flow;
      const all = objects();
      const gapCount = all.filter(({ type }) => type === 'gap').length;
      expect(all.at(-1)).toMatchObject({ type: 'summary', gaps: gapCount });
    } finally {
      stop.abort();
      await flow;
    }
  });
});

const decode = (text: string | Uint8Array) => (typeof text === 'string' ? text : Buffer.from(text).toString());

describe('events: its end', () => {
  it('--for: a summary when the time is over, status 0', () => {
    const { status, stdout, stderr } = socklens(['events', `netns:${netns.name}`, '--for', '300ms', '--ndjson']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const summary = JSON.parse(stdout) as EventObject;
    expect(summary).toMatchObject({ type: 'summary', connections: 0, gaps: 0, peers: [] });
    const took = Date.parse(summary.to ?? '') - Date.parse(summary.from ?? '');
    expect(took).toBeGreaterThanOrEqual(299);
  });

  it('--count: so many and no more', async () => {
    const run = await EventsRun.start(netns, '--ndjson', '--count', '3', '--tcp');
    const listener = await workshop.tcpListener(V4);
    const pairs: Pair[] = [];
    for (let index = 0; index < 4; index++) pairs.push(await workshop.tcpPair(listener));
    for (const { client } of pairs) await workshop.close(client);
    expect(await run.exited()).toBe(0);
    expect(run.connections).toHaveLength(3);
    expect(run.objects.at(-1)).toMatchObject({ type: 'summary', connections: 3 });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('%s: the summary, status 0', async (signal) => {
    const run = await EventsRun.start(netns, '-n');
    await run.barrier(workshop);
    process.kill(run.pid, signal);
    expect(await run.exited()).toBe(0);
    expect(run.stdout).toMatch(/^1 connection closed in [\d.]+m?s$/m);
    expect(run.stderr).toBe('');
  });

  it('exits silently when its reader closes the pipe', async () => {
    // The shell's own status is head's; socklens says its own on descriptor 3.
    const script = '{ "$0" events "$1" -n; echo "status $?" >&3; } 2>&1 3>&4 | head -n 1';
    const child = spawn('sh', ['-c', script, LAUNCHER, `netns:${netns.name}`], {
      stdio: ['ignore', 'pipe', 'inherit', 'inherit', 'pipe'],
    });
    let said = '';
    let status = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    child.stdio[4]?.on('data', (chunk: Buffer) => {
      status += chunk;
    });
    await until('the header', () => said.includes('Outcome'));
    await until('its end', async () => {
      const fd = await workshop.socket(AF.INET, SOCK.DGRAM);
      await workshop.connect(fd, { host: V4, port: 9 });
      await workshop.close(fd);
      return status !== '';
    });
    expect(status).toBe('status 0\n');
    expect(said.trimEnd().split('\n')).toHaveLength(1);
  });

  it('without the permission to enter the namespace: one line with the reason', () => {
    const unprivileged = ['setpriv', '--reuid=65534', '--clear-groups', '--bounding-set=-all', '--inh-caps=-all'];
    const { status, stderr } = socklens(['events', `netns:${netns.name}`, '--for', '1s'], {}, unprivileged);
    expect(status).toBe(4);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it.each([
    ['--count', '0'],
    ['--for', '3'],
    ['--count', 'x'],
  ])('%s %s is refused', (...args) => {
    const { status, stderr } = socklens(['events', `netns:${netns.name}`, ...args]);
    expect(status).toBe(2);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('a target that is not there: status 3', () => {
    expect(socklens(['events', 'netns:sltest-nowhere', '--for', '1s']).status).toBe(3);
  });
});

describe('events: sockets that no dump has', () => {
  it('are printed with the fields of the event, and without a wrong lifetime', async () => {
    const run = await EventsRun.start(netns, '--ndjson');
    const listener = await workshop.tcpListener(V4);
    await run.barrier(workshop);
    // It takes no dump while they are there, however long a busy machine needs for them.
    pause(run.pid);
    const begin = Date.now();
    const aborted = await workshop.tcpPair(listener);
    await workshop.setsockopt(aborted.client, OPT.SOL_SOCKET, OPT.SO_LINGER, 1, 0);
    await workshop.close(aborted.client);
    const closed = await workshop.tcpPair(listener);
    await workshop.send(closed.client, 10);
    await workshop.recv(closed.server, 10);
    await workshop.close(closed.client);
    const refused = await workshop.socket(AF.INET, SOCK.STREAM);
    await workshop.connect(refused, { host: V4, port: await freePort(workshop, V4) });
    await workshop.close(refused);
    resume(run.pid);
    const ends = () => tcp(run.objects);
    await until('three ends', () => ends().length === 3);
    const most = Date.now() - begin;
    expect(await run.stop()).toBe(0);
    expect(
      ends()
        .map(({ outcome }) => outcome)
        .sort(),
    ).toEqual(['aborted', 'closed', 'refused']);
    for (const { lifetime } of ends()) expect(lifetime?.atLeastMs).toBeLessThanOrEqual(most);
    const of = (wanted: string) => ends().find(({ outcome }) => outcome === wanted);
    expect(of('closed')).toMatchObject({ bytesSent: 10, local: { port: closed.clientPort } });
    expect(of('refused')?.lifetime).toEqual({ atLeastMs: 0 });
  });

  it('children of a listener that is closed: never accepted, by their listener’s own end', async () => {
    const run = await EventsRun.start(netns, '--ndjson', '--tcp');
    const listener = await workshop.tcpListener(V4);
    const clients: number[] = [];
    for (let index = 0; index < 3; index++) {
      const client = await workshop.socket(AF.INET, SOCK.STREAM);
      await workshop.connect(client, listener);
      clients.push(client);
    }
    await workshop.close(listener.fd);
    await until('three ends', () => run.connections.length === 3);
    expect(await run.stop()).toBe(0);
    expect(run.connections.map(({ outcome, local }) => [outcome, local?.port])).toEqual(
      clients.map(() => ['never-accepted', listener.port]),
    );
  });
});

describe('events: filters', () => {
  /** Two connections that a dump has, and a refused attempt. @returns the closed sockets that match */
  async function matching(filter: string): Promise<string[]> {
    const listener = await workshop.tcpListener(V4);
    const other = await workshop.tcpListener('127.0.0.2');
    const first = await workshop.tcpPair(listener);
    const second = await workshop.tcpPair(other);
    await workshop.shutdown(second.client, SHUT.WR);
    await workshop.recv(second.server, 1);
    const all = await EventsRun.start(netns, '--ndjson');
    // Barriers pass every filter.
    const run = await EventsRun.start(netns, '--ndjson', `( ${fill(filter, listener.port)} ) or dport = 9`);
    await all.barrier(workshop);
    await run.barrier(workshop);
    const closedPort = await freePort(workshop, V4);
    const refused = await workshop.socket(AF.INET, SOCK.STREAM);
    await workshop.connect(refused, { host: V4, port: closedPort });
    for (const fd of [first.client, first.server, second.client, second.server, refused]) await workshop.close(fd);
    await until('all ends', () => tcp(all.objects).length === 5);
    await run.barrier(workshop);
    expect(await all.stop()).toBe(0);
    expect(await run.stop()).toBe(0);
    expect(run.stderr).toBe('');
    const names = new Map<string, string>([
      [`${first.clientPort}`, 'first client'],
      [`${listener.port} ${first.clientPort}`, 'first server'],
      [`${second.clientPort}`, 'second client'],
      [`${other.port} ${second.clientPort}`, 'second server'],
    ]);
    return tcp(run.objects)
      .map(({ local, peer }) => names.get(`${local?.port}`) ?? names.get(`${local?.port} ${peer?.port}`) ?? 'refused')
      .sort();
  }
  const fill = (filter: string, port: number) =>
    filter.replace('PORT', String(port)).replace('PID', String(workshop.pid));

  it.each<[string, string[]]>([
    ['state close-wait', ['second server']],
    ['state syn-sent', ['refused']],
    ['state fin-wait-2', ['second client']],
    ['dport = PORT', ['first client']],
    ['sport = PORT', ['first server']],
    ['src 127.0.0.2', ['second server']],
    ['role server', ['first server', 'second server']],
    ['process PID and role client', ['first client', 'second client']],
    ['process node and not role server', ['first client', 'second client']],
    ['age > 1h', []],
    ['idle > 1h', []],
    ['idle < 1h and retrans = 0 and role server', ['first server', 'second server']],
    ['dst 127.0.0.2 or sport = PORT', ['first server', 'second client']],
  ])('%s', async (filter, wanted) => {
    expect(await matching(filter)).toEqual(wanted);
  });

  it.each([
    ['fwmark = 1', 'fwmark'],
    ['uid = 0', 'uid'],
    ['not orphan or timer on', 'orphan, timer'],
    ['unaccepted', 'unaccepted'],
    ['sendq > 0', 'sendq'],
    ['keepalive on', 'keepalive'],
  ])('what an event cannot tell is refused: %s', (filter, words) => {
    const { status, stderr } = socklens(['events', `netns:${netns.name}`, filter]);
    expect(status).toBe(2);
    expect(stderr).toBe(`socklens: filter: ${words} not available for closed connections; use another filter\n`);
  });
});

describe('events: text on a terminal', () => {
  it.each([80, 120, 200])('%i columns: no line is longer, and the cells that matter are there', async (columns) => {
    const listener = await workshop.tcpListener(V4);
    const pairs: Pair[] = [];
    for (let index = 0; index < 3; index++) pairs.push(await workshop.tcpPair(listener));
    const command = `stty cols ${columns}; exec ${LAUNCHER} events netns:${netns.name} -n`;
    const child = spawn('script', ['-qfec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let screen = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      screen += chunk;
    });
    await until('the header', () => screen.includes('Outcome'));
    // Programs of other tests may receive events of every namespace: its own are those of the child of script(1).
    const pids = () => fs.readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1').trim().split(' ');
    const isReceiving = (pid: string) => receivers(netns.run('cat', '/proc/net/netlink'), Number(pid)) > 0;
    await until('the receiver', () => pids().some(isReceiving));
    for (const { client, server } of pairs) {
      await workshop.close(client);
      await workshop.recv(server, 1);
      await workshop.close(server);
    }
    await until('six ends', () => screen.match(/ closed\r?\n/g)?.length === 6);
    // Ctrl-C of the terminal.
    child.stdin?.write('\x03');
    await once(child, 'close');
    const lines = screen.split(/\r?\n/);
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
    for (const { clientPort } of pairs) {
      expect(lines.some((line) => line.includes(`${V4}:${clientPort}`) && line.endsWith(' closed'))).toBe(true);
    }
    expect(lines[0]?.split(/ +/)).toEqual(columns === 80 ? NARROW : WIDE);
    expect(screen).toMatch(/6 connections closed in /);
  });
  const NARROW = ['Time', 'Owner', 'Peer', 'Duration', 'Sent', 'Recv', 'Outcome'];
  const WIDE = ['Time', 'Owner', 'Local', 'Peer', 'Duration', 'Sent', 'Recv', 'RTT', 'Retr', 'Outcome'];
});
