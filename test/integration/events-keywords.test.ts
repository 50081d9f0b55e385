/**
 * Every keyword of the filter language put to closed connections: the right ones, or a refusal, and the same live
 * and from a recording that was made at the same time.
 */
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { events } from '../../src/commands/events/events.ts';
import { KEYWORDS } from '../../src/filter/keywords.ts';
import { Failure } from '../../src/model/failure.ts';
import { type EventObject, receivers } from '../support/events-run.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { AF, OPT, SHUT, SOCK } from '../support/recipes/constants.ts';
import { freePort, V4 } from '../support/recipes/recipe-context.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { linesIn, RecordingRun, temporaryFolder } from '../support/recording-run.ts';

const V4_OTHER = '127.0.0.2';
/** Index of lo in every namespace. */
const LOOPBACK = 1;
const SEEN_TCP = [
  'bound client',
  'bound server',
  'half client',
  'half server',
  'linger client',
  'linger server',
  'plain client',
  'plain server',
  'unread client',
  'unread server',
];
const ALL_TCP = [...SEEN_TCP, 'refused'];
const ALL = [...ALL_TCP, 'udp'];
const SERVERS = ALL_TCP.filter((name) => name.endsWith('server'));
/** SO_LINGER 0 makes the kernel clear the counters before the event. */
const WITH_COUNTERS = ALL_TCP.filter((name) => name !== 'linger client');

/** By keyword: a filter and the connections that match it, or words of the refusal. */
const TABLE: readonly [keyword: string, filter: string, expected: readonly string[] | RegExp][] = [
  ['state', 'state close-wait', ['half server']],
  ['state', 'state syn-sent', ['refused']],
  ['exclude', 'exclude established', ['half client', 'half server', 'refused']],
  ['excl', 'excl close-wait,established', ['half client', 'refused']],
  ['src', `src ${V4_OTHER}`, ['half server']],
  ['dst', `dst ${V4_OTHER}`, ['half client']],
  ['peer', `peer ${V4_OTHER}`, ['half client']],
  ['sport', 'sport = PORT', ['plain server']],
  ['dport', 'dport = PORT', ['plain client']],
  ['dev', `dev = ${LOOPBACK}`, ['bound client']],
  ['dev', `dev != ${LOOPBACK}`, ALL.filter((name) => name !== 'bound client')],
  ['fwmark', 'fwmark = 1', /fwmark/],
  ['cgroup', 'cgroup = /', /cgroup/],
  ['autobound', 'autobound', /autobound/],
  ['container', 'container = nobody', /no running container or service "nobody"/],
  ['process', 'process = PID', SEEN_TCP.concat('udp')],
  ['process', 'process = nobody', []],
  ['uid', 'uid = 0', /uid/],
  ['uid', 'uid = 12345', /uid/],
  ['uid', 'not uid = 0', /uid/],
  ['role', 'role server', SERVERS],
  ['role', 'role client', ALL.filter((name) => !SERVERS.includes(name))],
  ['idle', 'idle < 1h', WITH_COUNTERS.filter((name) => name !== 'refused')],
  ['idle', 'idle > 1h', []],
  ['age', 'age < 1h', SEEN_TCP.concat('udp')],
  ['age', 'age > 1h', []],
  ['recvq', 'recvq > 1', ['unread server']],
  ['recvq', 'recvq >= 0', WITH_COUNTERS.concat('udp')],
  ['sendq', 'sendq >= 0', /sendq/],
  ['rtt', 'rtt < 1h', WITH_COUNTERS.filter((name) => name !== 'refused')],
  ['rtt', 'rtt > 1h', []],
  ['retrans', 'retrans = 0', WITH_COUNTERS],
  ['retrans', 'retrans > 0', []],
  ['timer', 'timer = off', /timer/],
  ['keepalive', 'keepalive off', /keepalive/],
  ['orphan', 'orphan', /orphan/],
  ['unaccepted', 'not unaccepted', /unaccepted/],
  ['path', 'path = /run/x', []],
];

/** Result of a run of the command. */
interface Answer {
  names: string[];
  refusal?: { kind: string; message: string };
}

let folder: string;
let netns: TestNetns;
let workshop: Workshop;
/** Holds the connections: all are closed with it, while nothing takes a dump; see {@link killUnseen}. */
let victim: Workshop;
let listenerPort = 0;
/** By `localPort peerPort`. */
const nameOfPorts = new Map<string, string>();
const live = new Map<string, Answer>();
const files: { full: string; summary: string; old: string } = { full: '', summary: '', old: '' };

const fill = (filter: string) => filter.replace('PORT', `${listenerPort}`).replace('PID', `${victim.pid}`);

/** Runs the verb in this process. @param from a recording, or nothing for this machine */
function start(filter: string, from?: string) {
  const stop = new AbortController();
  let text = '';
  const out = {
    columns: undefined,
    write: (bytes: string | Uint8Array) => {
      text += typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString();
    },
  };
  const objects = () =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as EventObject)
      .filter(({ type }) => type === 'connection');
  const flow = events(
    {
      machine: localMachine({ DOCKER_HOST: 'unix:///nonexistent', SOCKLENS_BPF: 'off' }),
      out,
      err: { ...out, write: () => {} },
      stopSignal: () => stop.signal,
    },
    {
      filter: fill(filter),
      asSs: false,
      protos: ['tcp', 'udp'],
      kinds: ['failed', 'closed'],
      packets: [],
      numeric: true,
      forMs: undefined,
      count: undefined,
      format: 'ndjson',
      ...(from === undefined
        ? { target: `netns:${netns.name}` }
        : { target: undefined, from: { file: from, untilMs: undefined, speed: undefined } }),
    },
  );
  const answer = flow.then(
    (): Answer => ({
      names: objects()
        .map(nameOf)
        .filter((name) => name !== 'barrier')
        .sort(),
    }),
    (error: unknown): Answer => {
      if (!(error instanceof Failure)) throw error;
      return { names: [], refusal: { kind: error.kind, message: error.message } };
    },
  );
  return { objects, answer, stop: () => stop.abort() };
}

function tcpOf(answer: Answer | undefined) {
  return { ...answer, names: answer?.names.filter((name) => name !== 'udp') };
}

function nameOf({ local, peer, proto }: EventObject): string {
  const known = nameOfPorts.get(`${local?.port} ${peer?.port}`);
  return known ?? (proto === 'udp' ? 'barrier' : 'refused');
}

async function pair(name: string, host: string, device?: number): Promise<{ client: number; server: number }> {
  const listener = await victim.tcpListener(host);
  if (name === 'plain') listenerPort = listener.port;
  const client = await victim.socket(AF.INET, SOCK.STREAM);
  if (device !== undefined) await victim.setsockopt(client, OPT.SOL_SOCKET, OPT.SO_BINDTOIFINDEX, device);
  await victim.connect(client, listener);
  const server = await victim.accept(listener.fd);
  const port = await victim.port(client);
  nameOfPorts.set(`${port} ${listener.port}`, `${name} client`);
  nameOfPorts.set(`${listener.port} ${port}`, `${name} server`);
  return { client, server };
}

async function udpPair(shop: Workshop): Promise<number> {
  const fd = await shop.socket(AF.INET, SOCK.DGRAM);
  await shop.connect(fd, { host: V4, port: 9 });
  return fd;
}

/**
 * Kills the victim and blocks this process until the kernel has closed its connections: no dump taken here can
 * show a state in between, such as CLOSE_WAIT of what was established. Recordings must be paused.
 */
function killUnseen(): void {
  const deadlineMs = Date.now() + 10_000;
  process.kill(victim.pid, 'SIGKILL');
  for (;;) {
    const left = netns.run('ss', '-Htan', 'exclude', 'time-wait');
    if (left === '') return;
    if (Date.now() > deadlineMs) throw new Error(`connections of a killed process are still there:\n${left}`);
  }
}

/** A file as a version wrote it that kept less of closed connections. */
function writeOld(from: string, to: string): void {
  const later = ['receiveQueue', 'interfaceIndex', 'lastSentMs', 'lastReceivedMs', 'lastAckReceivedMs'];
  const lines = linesIn(fs.readFileSync(from)).map((text) => {
    const { fullEvents, ...line } = JSON.parse(text) as Record<string, unknown>;
    void fullEvents;
    for (const column of later) if (line.type === 'ended') delete (line.ends as Record<string, unknown>)[column];
    return JSON.stringify(line);
  });
  fs.writeFileSync(to, gzipSync(`${lines.join('\n')}\n`));
}

beforeAll(async () => {
  folder = temporaryFolder();
  netns = createNetns();
  workshop = await Workshop.start(netns);
  victim = await Workshop.start(netns);
  await pair('plain', V4);
  const half = await pair('half', V4_OTHER);
  const unread = await pair('unread', V4);
  await pair('bound', V4, LOOPBACK);
  const linger = await pair('linger', V4);
  const udp = await udpPair(victim);
  nameOfPorts.set(`${await victim.port(udp)} 9`, 'udp');
  await victim.shutdown(half.client, SHUT.WR);
  await victim.recv(half.server, 1);
  await victim.send(unread.client, 100);
  Object.assign(files, {
    full: path.join(folder, 'full.slr'),
    summary: path.join(folder, 'summary.slr'),
    old: path.join(folder, 'old.slr'),
  });
  const target = `netns:${netns.name}`;
  const recordings = [
    await RecordingRun.startIn({ SOCKLENS_BPF: 'off' }, target, files.full, '--interval', '500ms'),
    await RecordingRun.startIn({ SOCKLENS_BPF: 'off' }, target, files.summary, '--interval', '500ms', '--lightly'),
  ];
  const runs = new Map(TABLE.map(([, filter]) => [filter, start(filter)]));
  const all = start('');
  const refused = TABLE.filter(([, , expected]) => expected instanceof RegExp).length;
  const heard = recordings.length + runs.size - refused + 1;
  const pids = [process.pid, ...recordings.map(({ pid }) => pid)];
  await until('the receivers', () => {
    const netlink = netns.run('cat', '/proc/net/netlink');
    return pids.reduce((sum, pid) => sum + receivers(netlink, pid), 0) === heard;
  });
  // A printed close shows that the first dump is complete.
  await workshop.close(await udpPair(workshop));
  await until('the barrier', () => all.objects().length === 1);
  for (const recording of recordings) await recording.next();
  const attempt = await workshop.socket(AF.INET, SOCK.STREAM);
  await workshop.connect(attempt, { host: V4, port: await freePort(workshop, V4) });
  await workshop.close(attempt);
  await victim.setsockopt(linger.client, OPT.SOL_SOCKET, OPT.SO_LINGER, 1, 0);
  // Paused between two dumps: what is left of one would show the sockets as they are after the kill.
  await Promise.all(
    recordings.map(async (recording) => {
      await recording.next();
      recording.pause();
    }),
  );
  killUnseen();
  for (const recording of recordings) recording.resume();
  await until('all ends', () => all.objects().length === ALL.length + 1);
  for (const recording of recordings) {
    await recording.next();
    expect(await recording.stop()).toBe(0);
  }
  for (const run of [...runs.values(), all]) run.stop();
  for (const [filter, { answer }] of runs) live.set(filter, await answer);
  expect((await all.answer).names).toEqual([...ALL].sort());
  writeOld(files.full, files.old);
}, 240_000);

afterAll(async () => {
  await victim?.stop();
  await workshop?.stop();
  netns?.remove();
  fs.rmSync(folder, { recursive: true, force: true });
});

it('no keyword of the language is left out', () => {
  expect(new Set(TABLE.map(([keyword]) => keyword))).toEqual(new Set(KEYWORDS));
});

describe('events: each keyword, live and from a recording', () => {
  it.each(TABLE)('%s: %s', async (_, filter, expected) => {
    const answer = live.get(filter);
    if (expected instanceof RegExp)
      expect(answer?.refusal).toMatchObject({ kind: 'usage', message: expect.stringMatching(expected) });
    else expect(answer).toEqual({ names: [...expected].sort() });
    expect(await start(filter, files.full).answer).toEqual(answer);
    // Its dumps are of TCP alone: nothing is remembered of a UDP socket.
    expect(tcpOf(await start(filter, files.summary).answer)).toEqual(tcpOf(answer));
  });
});

describe('events: a recording of a version with fewer fields', () => {
  it.each(['recvq > 1', `dev = ${LOOPBACK}`, 'idle < 1h'])('%s is refused', async (filter) => {
    const { refusal } = await start(filter, files.old).answer;
    expect(refusal).toMatchObject({ kind: 'usage', message: expect.stringContaining(filter.split(' ')[0] ?? '') });
  });

  it.each(['state close-wait', 'retrans = 0', 'rtt < 1h', 'role server', ''])(
    '"%s" is answered as before',
    async (filter) => {
      const { refusal, names } = await start(filter, files.old).answer;
      expect(refusal).toBeUndefined();
      expect(names).toEqual(live.get(filter)?.names ?? [...ALL].sort());
    },
  );
});
