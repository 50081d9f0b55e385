/**
 * `socklens events` from the kernel's tracepoint of state changes: what it tells beyond the destroy multicast. What is
 * expected comes from the test's own calls: their errno, their clock, the PIDs of the processes that make them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { events } from '../../src/commands/events/events.ts';
import { EVENT_KINDS } from '../../src/model/socket/connection-event.ts';
import { LAUNCHER } from '../support/cli.ts';
import { type EventObject, EventsRun, eventsAtPort, isOpening, receivers, toldByTimer } from '../support/events-run.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { AF, OPT, SOCK } from '../support/recipes/constants.ts';
import { drop, freePort, V4 } from '../support/recipes/recipe-context.ts';
import { type Pair, Workshop } from '../support/recipes/workshop.ts';
import { unseenAtMost } from '../support/unseen-ends.ts';

const CHURN = path.resolve(import.meta.dirname, '../support/recipes/churn-main.ts');

let netns: TestNetns;
let workshop: Workshop;
let other: Workshop;
let run: EventsRun;

beforeAll(async () => {
  netns = createNetns();
  netns.run('sysctl', '-qw', 'net.ipv4.tcp_syn_retries=1', 'net.ipv4.tcp_fin_timeout=1');
  workshop = await Workshop.start(netns);
  other = await Workshop.start(netns);
  run = await EventsRun.startWithPrograms(netns, '--ndjson', '--opened', '--failed', '--closed');
  await run.barrier(workshop);
});
afterAll(async () => {
  await run?.stop();
  await workshop?.stop();
  await other?.stop();
  netns?.remove();
});

/** Packets that the rule of `drop` has taken. */
function dropped(port: number): number {
  const rules = netns.run('iptables', '-w', '20', '-nvxL', 'INPUT').split('\n');
  return Number(/^\s*(\d+)/.exec(rules.find((rule) => rule.includes(`dpt:${port} `)) ?? '')?.[1]);
}

/** The events of connections with this port at either end, as soon as there are so many. */
async function eventsOf(port: number, count: number): Promise<EventObject[]> {
  const found = () => eventsAtPort(run.connections, port);
  await until(`${count} events of port ${port}`, () => found().length >= count);
  await run.barrier(workshop);
  return found();
}

const between = (all: readonly EventObject[], event: EventObject['event'], localPort: number) =>
  all.filter((one) => one.event === event && (one.local?.port === localPort || isOpening(one)));

describe('events: from the tracepoint', () => {
  it('a connection: opened, established at both ends, closed at both ends, with processes and exact times', async () => {
    const listener = await other.tcpListener(V4);
    const fd = await workshop.socket(AF.INET, SOCK.STREAM, 0, true);
    const beforeMs = Date.now();
    await workshop.connect(fd, { host: V4, port: listener.port });
    const openMs = Date.now() - beforeMs;
    const port = await workshop.port(fd);
    await workshop.send(fd, 900);
    const server = await other.accept(listener.fd);
    await other.recv(server, 900);
    await other.send(server, 300);
    await workshop.recv(fd, 300);
    await workshop.close(fd);
    await other.recv(server, 1);
    await other.close(server);
    const lifeMs = Date.now() - beforeMs;
    const all = await eventsOf(port, 5);
    expect(all.map(({ event }) => event)).toHaveLength(5);
    const owner = { role: 'client', processes: [{ pid: workshop.pid, name: 'node' }] };
    const client = { ...owner, local: { address: V4, port } };
    expect(between(all, 'opened', port)).toMatchObject([owner]);
    const [made] = between(all, 'established', port);
    expect(made).toMatchObject(client);
    expect(made?.latencyUs).toBeGreaterThan(0);
    expect(made?.latencyUs).toBeLessThanOrEqual((openMs + 1) * 1000);
    const [end] = between(all, 'closed', port);
    expect(end).toMatchObject({ ...client, outcome: 'closed', closedBy: 'local', bytesSent: 900, bytesReceived: 301 });
    const { atLeastMs = -1, atMostMs } = end?.lifetime ?? {};
    expect(atLeastMs).toBe(atMostMs);
    expect(atLeastMs).toBeLessThanOrEqual(lifeMs + 1);
    expect(Math.abs(Date.parse(end?.at ?? '') - beforeMs - lifeMs)).toBeLessThan(lifeMs + 100);
    // The listener was opened after the first dump: its process is known from its own event.
    const service = { role: 'server', processes: [{ pid: other.pid, name: 'node' }] };
    expect(between(all, 'established', listener.port)).toMatchObject([service]);
    expect(between(all, 'closed', listener.port)).toMatchObject([
      { ...service, outcome: 'closed', closedBy: 'peer', bytesSent: 300, bytesReceived: 901 },
    ]);
    await other.close(listener.fd);
  });

  it.each([
    ['blocking', true],
    ['non-blocking', false],
  ])('refused, %s: at once, with errno, endpoints, process and latency', async (_, blocks) => {
    const port = await freePort(workshop, V4);
    const fd = await workshop.socket(AF.INET, SOCK.STREAM, 0, blocks);
    const attempt = workshop.connect(fd, { host: V4, port }, false);
    if (blocks) await expect(attempt).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    else await attempt;
    // Its descriptor is still open.
    const all = await eventsOf(port, 2);
    expect(all).toMatchObject([
      { event: 'opened', processes: [{ pid: workshop.pid }] },
      {
        event: 'failed',
        outcome: 'refused',
        errno: 'ECONNREFUSED',
        processes: [{ pid: workshop.pid }],
        role: 'client',
      },
    ]);
    expect(all[1]?.peer).toMatchObject({ address: V4, port });
    expect(all[1]?.local?.port).toBeGreaterThan(0);
    expect(all[0]?.local?.port).toBe(all[1]?.local?.port);
    expect(all[1]?.latencyUs).toBeLessThan(1_000_000);
    await workshop.close(fd);
  });

  it('timed out: after the seconds that the kernel tried', async () => {
    const attempt = async () => {
      const port = await freePort(workshop, V4);
      drop(netns, V4, '--dport', String(port), '--syn');
      const fd = await workshop.socket(AF.INET, SOCK.STREAM, 0, true);
      const beginMs = Date.now();
      await expect(workshop.connect(fd, { host: V4, port })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      return { port, fd, triedMs: Date.now() - beginMs };
    };
    const { port, fd, triedMs } = await toldByTimer(run, attempt, ({ port }) => {
      return eventsAtPort(run.connections, port).length >= 2;
    });
    const [, failed] = await eventsOf(port, 2);
    expect(failed).toMatchObject({
      event: 'failed',
      outcome: 'no-answer',
      errno: 'ETIMEDOUT',
      retransmits: dropped(port) - 1,
    });
    const latencyMs = (failed?.latencyUs ?? 0) / 1000;
    expect(latencyMs).toBeLessThanOrEqual(triedMs + 1);
    expect(latencyMs).toBeGreaterThan(triedMs - 500);
    await workshop.close(fd);
  });

  it('given up by its process: no answer, without an error', async () => {
    const port = await freePort(workshop, V4);
    drop(netns, V4, '--dport', String(port), '--syn');
    const fd = await workshop.socket(AF.INET, SOCK.STREAM);
    await workshop.connect(fd, { host: V4, port }, false);
    await workshop.close(fd);
    const [, failed] = await eventsOf(port, 2);
    expect(failed).toMatchObject({ event: 'failed', outcome: 'no-answer' });
    expect(failed?.errno).toBeUndefined();
  });

  it('reset: at both ends at once, while the other end is open', async () => {
    const pair = await workshop.tcpPair(await workshop.tcpListener(V4));
    await workshop.setsockopt(pair.client, OPT.SOL_SOCKET, OPT.SO_LINGER, 1, 0);
    await workshop.close(pair.client);
    const all = await eventsOf(pair.clientPort, 5);
    const [here] = between(all, 'closed', pair.clientPort);
    expect(here).toMatchObject({ outcome: 'aborted', closedBy: 'local' });
    expect(here?.errno).toBeUndefined();
    const [there] = all.filter(({ event, peer }) => event === 'closed' && peer?.port === pair.clientPort);
    expect(there).toMatchObject({ outcome: 'reset', closedBy: 'peer', errno: 'ECONNRESET' });
    await workshop.close(pair.server);
  });

  it('a listener closed with connections in its queue: never accepted, without a process', async () => {
    const listener = await workshop.tcpListener(V4);
    const fd = await workshop.socket(AF.INET, SOCK.STREAM, 0, true);
    await workshop.connect(fd, { host: V4, port: listener.port });
    await workshop.close(listener.fd);
    const all = await eventsOf(listener.port, 5);
    expect(between(all, 'closed', listener.port)).toMatchObject([{ outcome: 'never-accepted', role: 'server' }]);
    expect(between(all, 'closed', listener.port)[0]?.processes).toBeUndefined();
    await workshop.close(fd);
  });

  it('no free port: the error that only the caller sees otherwise', async () => {
    const listener = await workshop.tcpListener(V4);
    const before = netns.run('cat', '/proc/sys/net/ipv4/ip_local_port_range').trim();
    netns.run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=61000 61000');
    try {
      const first = await workshop.socket(AF.INET, SOCK.STREAM, 0, true);
      await workshop.connect(first, { host: V4, port: listener.port });
      const second = await workshop.socket(AF.INET, SOCK.STREAM, 0, true);
      const refused = workshop.connect(second, { host: V4, port: listener.port });
      await expect(refused).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
      const all = await eventsOf(listener.port, 5);
      expect(all.filter(({ event }) => event === 'failed')).toMatchObject([
        { outcome: 'failed', errno: 'EADDRNOTAVAIL', local: { port: 0 }, processes: [{ pid: workshop.pid }] },
      ]);
      for (const fd of [first, second]) await workshop.close(fd);
    } finally {
      netns.run('sysctl', '-qw', `net.ipv4.ip_local_port_range=${before.replace('\t', ' ')}`);
    }
  });

  it('IPv6, and IPv4 through a dual-stack socket: addresses as in a dump', async () => {
    const listener = await workshop.tcpListener('::1');
    const pair = await workshop.tcpPair(listener);
    const all = await eventsOf(pair.clientPort, 3);
    expect(between(all, 'established', pair.clientPort)).toMatchObject([
      { family: 'inet6', local: { address: '::1' }, peer: { address: '::1', port: listener.port } },
    ]);
    await closePair(pair);
  });

  it('every line names its source, and cookies are those of ss', async () => {
    const pair = await workshop.tcpPair(await workshop.tcpListener(V4));
    const all = await eventsOf(pair.clientPort, 3);
    expect(new Set(all.map(({ source }) => source))).toEqual(new Set(['tracepoint']));
    const shown = netns.run('ss', '-Htne', `sport = :${pair.clientPort}`);
    const cookie = / sk:([0-9a-f]+)/.exec(shown)?.[1];
    expect(between(all, 'opened', pair.clientPort)[0]?.cookie).toBe(cookie);
    await closePair(pair);
  });
});

async function closePair(pair: Pair): Promise<void> {
  await workshop.close(pair.client);
  await workshop.close(pair.server);
}

/** Runs `events` in this process while connections are made. @returns its lines, and how many connections were made */
async function underLoad(rate: number, seconds: number, bufferBytes?: number) {
  const space = createNetns();
  const generator = space.spawnNode(CHURN, [String(rate), String(seconds)], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  generator.stdout?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  await until('the generator', () => said.includes('ready'));
  const counters = () => {
    const lines = space.run('cat', '/proc/net/snmp').split('\n');
    const [names = [], values = []] = lines.filter((line) => line.startsWith('Tcp:')).map((line) => line.split(' '));
    return Number(values[names.indexOf('ActiveOpens')]);
  };
  const stop = new AbortController();
  const counts: Record<string, number> = {};
  const others: EventObject[] = [];
  let rest = '';
  const write = (text: string | Uint8Array) => {
    const lines = (rest + Buffer.from(text).toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const object = JSON.parse(line) as EventObject;
      if (object.type === 'connection') counts[object.event ?? ''] = (counts[object.event ?? ''] ?? 0) + 1;
      else others.push(object);
    }
  };
  const output = { columns: undefined, write };
  const flow = events(
    {
      machine: localMachine({ DOCKER_HOST: 'unix:///nonexistent' }),
      out: output,
      err: output,
      stopSignal: () => stop.signal,
    },
    {
      target: `netns:${space.name}`,
      filter: '',
      asSs: false,
      protos: ['tcp'],
      kinds: EVENT_KINDS,
      packets: [],
      numeric: true,
      forMs: undefined,
      count: undefined,
      format: 'ndjson',
      bufferBytes,
    },
  );
  try {
    await until('the receiver', () => receivers(space.run('cat', '/proc/net/netlink'), process.pid) > 0);
    const before = counters();
    generator.stdin?.write('\n');
    await once(generator, 'exit');
    const made = Number(/^(\d+) [\d.]+$/m.exec(said)?.[1]);
    expect(counters() - before).toBe(made);
    // Three drains without anything new.
    for (let seen = -1, same = 0; same < 3; ) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      const now = Object.values(counts).reduce((sum, count) => sum + count, 0);
      same = now === seen ? same + 1 : 0;
      seen = now;
    }
    return { made, counts, others: () => others };
  } finally {
    stop.abort();
    await flow;
    space.remove();
  }
}

describe('events: from the tracepoint, under load', () => {
  it('one minute at 1,500 connections a second: each is there once, as far as the kernel tells programs', {
    timeout: 240_000,
  }, async () => {
    const { made, counts, others } = await underLoad(1500, 60);
    const { closed = 0, ...begun } = counts;
    expect(begun).toEqual({ opened: made, established: 2 * made });
    const unseen = 2 * made - closed;
    expect(unseen).toBeGreaterThanOrEqual(0);
    expect(unseen).toBeLessThanOrEqual(unseenAtMost(2 * made));
    const summary = others().at(-1);
    expect(summary).toMatchObject({ type: 'summary' });
    // Each is told once its socket is used again: never more than there are, and nothing else is lost.
    expect(summary?.lostEvents).toBeLessThanOrEqual(unseen);
    if (unseen === 0) expect(summary).toMatchObject({ lostEvents: 0 });
  });

  it('a full ring: what is lost is counted, exactly', { timeout: 240_000 }, async () => {
    const { made, counts, others } = await underLoad(5000, 2, 64 * 1024);
    const summary = others().at(-1);
    const reported = Object.values(counts).reduce((sum, count) => sum + count, 0);
    expect(summary).toMatchObject({ type: 'summary' });
    expect(summary?.lostEvents).toBeGreaterThan(0);
    const gaps = others().filter(({ type }) => type === 'gap');
    // A client that is opened and established at once is two records, a server's end one less.
    const missing = 5 * made - reported - (summary?.lostEvents ?? 0);
    expect(missing).toBeGreaterThanOrEqual(0);
    expect(missing).toBeLessThanOrEqual(unseenAtMost(2 * made));
    expect(gaps.reduce((sum, { lostEvents = 0 }) => sum + lostEvents, 0)).toBe(summary?.lostEvents);
  });
});

describe('events: from the tracepoint, namespaces that come and go', () => {
  it('a later namespace, with the inode of an earlier one or not, has its own events only', async () => {
    for (let round = 0; round < 5; round++) {
      const space = createNetns();
      const shop = await Workshop.start(space);
      const its = await EventsRun.startWithPrograms(space, '--ndjson', '--opened', '--closed');
      await its.barrier(shop);
      const pair = await shop.tcpPair(await shop.tcpListener(V4));
      const tcp = () => its.connections.filter(({ proto }) => proto === 'tcp');
      await until('its connection', () => tcp().length >= 3);
      expect(tcp().map(({ local }) => local?.port)).toContain(pair.clientPort);
      expect(tcp()).toHaveLength(3);
      await its.stop();
      await shop.stop();
      space.remove();
    }
  });
});

describe('events: from the tracepoint, permissions', () => {
  const program = (...privileges: string[]) => {
    const args = [...privileges, LAUNCHER, 'events', 'host', '--ndjson', '--for', '8s'];
    const child = spawn('setpriv', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      said.out += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said.err += chunk;
    });
    return { child, said };
  };

  it('CAP_BPF and CAP_PERFMON are enough: an ordinary user sees errno and process', { timeout: 240_000 }, async () => {
    // util-linux before 2.37 does not know the names of the two.
    const both = '+cap_38,+cap_39';
    const user = ['--reuid', '65534', '--clear-groups', `--inh-caps=${both}`, `--ambient-caps=${both}`];
    const { child, said } = program(...user);
    const port = await closedPort();
    const failures = () =>
      said.out
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as EventObject)
        .filter(({ event, peer }) => event === 'failed' && peer?.port === port);
    const tried = () => expect(once(net.connect(port, V4), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await until('a failure', async () => {
      await tried();
      return failures().length > 0;
    });
    // The first one may have been opened before the program was there.
    const before = failures().length;
    await tried();
    await until('the failure of an attempt that was seen from its beginning', () => failures().length > before);
    expect(failures().at(-1)).toMatchObject({ errno: 'ECONNREFUSED', processes: [{ pid: process.pid }] });
    child.kill('SIGINT');
    await once(child, 'close');
  });

  it('without them: the destroy multicast, and one note', { timeout: 240_000 }, async () => {
    const { child, said } = program('--bounding-set=-sys_admin,-cap_38,-cap_39');
    await until('the note', () => said.err.includes('\n'));
    expect(said.err).toMatch(/^socklens: connections are not seen when they are opened.*: CAP_BPF and CAP_PERFMON are/);
    child.kill('SIGINT');
    await once(child, 'close');
    expect(said.err.trimEnd().split('\n')).toHaveLength(1);
  });
});

/** A port of the host on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, V4);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
