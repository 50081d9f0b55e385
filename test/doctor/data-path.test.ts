/** The rules of the data path on connections that really lose, wait and fill up. */
import { once } from 'node:events';
import path from 'node:path';
import readline from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import { sendQueueStuck } from '../../src/doctor/rules/path/send-queue-stuck.ts';
import { diagnose, prove } from '../support/doctor.ts';
import { kernelIsSince } from '../support/kernel-version.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { AF, OPT, SOCK } from '../support/recipes/constants.ts';
import { drop, V4 } from '../support/recipes/recipe-context.ts';
import { unread, zeroWindow } from '../support/recipes/tcp-data.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { judge, START_MS, series, spaceSeries, tcpSocket } from '../support/series.ts';

const made: { remove(): void }[] = [];
afterEach(() => {
  for (const each of made.splice(0)) each.remove();
});

function namespace(): TestNetns {
  const netns = createNetns();
  made.push(netns);
  return netns;
}

/** A namespace with a process that makes sockets. */
async function context(): Promise<{ netns: TestNetns; workshop: Workshop }> {
  const netns = namespace();
  return { netns, workshop: await Workshop.start(netns) };
}

/** Starts traffic over one connection. @returns the server's port */
async function traffic(netns: TestNetns, how: 'stream' | 'split' | 'whole'): Promise<number> {
  const script = path.join(import.meta.dirname, '../support/recipes/traffic-main.ts');
  const child = netns.spawnNode(script, [how], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no stdout');
  const [line] = (await once(readline.createInterface({ input: child.stdout }), 'line')) as [string];
  return Number(line);
}

async function findings(netns: TestNetns, rule: string, forTime = '3s', set: readonly string[] = []) {
  const options = { rules: [rule], for: forTime, interval: '500ms', set: set.map((each) => `${rule}.${each}`) };
  return (await diagnose(`netns:${netns.name}`, options)).findings;
}

/**
 * What the doctor finds while twice the segments are sent that RETRANS_HIGH wants to see. One lost segment after another
 * makes a connection wait for seconds: not in every look there are so many.
 */
async function whileManyAreSent<T>(netns: TestNetns, look: () => Promise<T>): Promise<T> {
  const sent = () => counter(netns, 'TcpOutSegs');
  for (let tries = 1; ; tries++) {
    const before = sent();
    const found = await look();
    if (sent() - before >= 2000 || tries === 10) return found;
  }
}

/** Reads a counter of a namespace as nstat(8) does. */
function counter(netns: TestNetns, name: string): number {
  return Number(new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(netns.run('nstat', '-azs', name))?.[1] ?? 0);
}

prove({
  rule: 'RETRANS_HIGH',
  how: 'namespace: one packet in twenty is dropped on its way in',
  lookAlike: 'a clean stream, beside unanswered SYNs',
  async fault() {
    const netns = namespace();
    drop(netns, V4, '-m', 'statistic', '--mode', 'random', '--probability', '0.05');
    const port = await traffic(netns, 'stream');
    const found = await whileManyAreSent(netns, () => findings(netns, 'RETRANS_HIGH', '5s'));
    // The finding distinguishes the connection from the namespace.
    expect(found.some(({ about }) => about?.endsWith(`:${port}`))).toBe(true);
    expect(found.some(({ scope, about }) => scope.kind === 'namespace' && about === undefined)).toBe(true);
    return found;
  },
  async healthy() {
    const { netns, workshop } = await context();
    await traffic(netns, 'stream');
    drop(netns, V4, '--dport', '9');
    for (let index = 0; index < 200; index++) {
      const fd = await workshop.socket(AF.INET, SOCK.STREAM);
      await workshop.connect(fd, { host: V4, port: 9 }, false);
    }
    const answer = await findings(netns, 'RETRANS_HIGH', '4s');
    // Without the SYNs it would prove nothing.
    await until('SYNs sent again', () => counter(netns, 'TcpExtTCPSynRetrans') >= 200);
    return answer;
  },
});

prove({
  rule: 'ZERO_WINDOW_STUCK',
  how: 'namespace: a writer fills a connection that is not read; 1.5 s instead of 5 s',
  lookAlike: 'a window that has been closed for a moment only, and a peer that is gone',
  async fault() {
    const { netns, workshop } = await context();
    await zeroWindow({ netns, workshop });
    return findings(netns, 'ZERO_WINDOW_STUCK', '4s', ['warningMs=1500ms']);
  },
  async healthy() {
    const { netns, workshop } = await context();
    const pair = await workshop.tcpPair(await workshop.tcpListener(V4));
    drop(netns, V4, '--dport', String(pair.clientPort));
    await workshop.send(pair.server, 100_000);
    await zeroWindow({ netns, workshop });
    // Five seconds are soon over on a busy machine.
    return findings(netns, 'ZERO_WINDOW_STUCK', '1s', ['warningMs=25s']);
  },
});

prove({
  rule: 'SLOW_READER',
  how: 'namespace: a process that does not read what it is sent',
  lookAlike: 'a stream at full speed to a process that reads, beside a few bytes unread',
  async fault() {
    const { netns, workshop } = await context();
    await zeroWindow({ netns, workshop });
    return findings(netns, 'SLOW_READER');
  },
  check: ({ about, scope }) => {
    expect(about).toMatch(/^port \d+$/);
    expect(scope.kind).toBe('process');
  },
  async healthy() {
    const { netns, workshop } = await context();
    await traffic(netns, 'stream');
    await unread({ netns, workshop }, 5000);
    return findings(netns, 'SLOW_READER');
  },
});

test('SLOW_READER: a buffer that single bytes fill with overhead, though their payload is less than half of it', {
  timeout: 240_000,
}, async () => {
  const { netns, workshop } = await context();
  const listener = await workshop.tcpListener(V4);
  const { client } = await workshop.tcpPair(listener);
  await workshop.setsockopt(client, TCP, NODELAY, 1);
  const inUse = () => memoryOf(netns.run('ss', '-Htnm', 'sport', '=', `:${listener.port}`));
  while (inUse().memory < inUse().buffer * 0.93) for (let sent = 0; sent < 500; sent++) await workshop.send(client, 1);
  const { unread: payload, buffer } = inUse();
  expect(payload).toBeLessThan(buffer / 2);
  const [finding] = await findings(netns, 'SLOW_READER');
  expect(finding).toMatchObject({ severity: 'warning', about: `port ${listener.port}` });
  expect(finding?.summary).toMatch(/: \d+ unread bytes; small segments fill a buffer with overhead$/);
});

/** What ss prints of one connection: `ESTAB 38891 0 …  skmem:(r127083,rb131072,…`. */
function memoryOf(text: string): { unread: number; memory: number; buffer: number } {
  const [, unread = '', memory = '', buffer = ''] = /ESTAB\s+(\d+)[\s\S]*skmem:\(r(\d+),rb(\d+)/.exec(text) ?? [];
  return { unread: Number(unread), memory: Number(memory), buffer: Number(buffer) };
}

/** IPPROTO_TCP of <netinet/in.h>, TCP_NODELAY of <netinet/tcp.h>. */
const TCP = 6;
const NODELAY = 1;

prove({
  rule: 'SEND_QUEUE_STUCK',
  how: 'recorded numbers: no healthy kernel leaves bytes without a timer',
  lookAlike: 'namespace: a peer that is gone, one that does not read, and a full accept queue; 2 s instead of 10 s',
  async fault() {
    const stuck = tcpSocket({ cookie: 1, sendQueue: 4096, timer: 0, info: { bytesSent: 1, lastAckReceivedMs: 500 } });
    const looks = [0, 10, 20, 30].map((second) => ({ atMs: START_MS + second * 1000, sockets: [stuck] }));
    return judge(sendQueueStuck, series([spaceSeries(looks)]));
  },
  async healthy() {
    const { netns, workshop } = await context();
    await zeroWindow({ netns, workshop });
    const listener = await workshop.tcpListener(V4, 0, 2);
    for (let index = 0; index < 3; index++) {
      await workshop.connect(await workshop.socket(AF.INET, SOCK.STREAM), listener);
    }
    const pair = await workshop.tcpPair(await workshop.tcpListener(V4));
    drop(netns, V4, '--dport', String(pair.clientPort));
    drop(netns, V4, '--sport', String(pair.clientPort));
    await workshop.send(pair.client, 1000);
    return findings(netns, 'SEND_QUEUE_STUCK', '4s', ['windowMs=2s']);
  },
});

/** Sends bursts of 50 datagrams of 500 bytes to a port until the answer is there. */
async function burstsWhile<T>(workshop: Workshop, port: number, answer: Promise<T>): Promise<T> {
  const fd = await workshop.socket(AF.INET, SOCK.DGRAM);
  let done = false;
  const sending = (async () => {
    await workshop.connect(fd, { host: V4, port });
    while (!done) for (let index = 0; index < 50; index++) await workshop.send(fd, 500).catch(() => 0);
  })();
  try {
    return await answer;
  } finally {
    done = true;
    await sending;
  }
}

prove({
  rule: 'UDP_RCVBUF_DROPS',
  how: 'namespace: bursts to a socket with an unread receive buffer of 4 KiB',
  lookAlike: 'datagrams to a port without a socket, beside a socket with earlier drops',
  async fault() {
    const { netns, workshop } = await context();
    const fd = await workshop.socket(AF.INET, SOCK.DGRAM);
    await workshop.setsockopt(fd, OPT.SOL_SOCKET, OPT.SO_RCVBUF, 4096);
    await workshop.bind(fd, { host: V4, port: 0 });
    const sender = await Workshop.start(netns);
    return burstsWhile(sender, await workshop.port(fd), findings(netns, 'UDP_RCVBUF_DROPS'));
  },
  check({ severity, about, evidence }) {
    expect(severity).toBe('critical');
    expect(about).toMatch(/^port \d+$/);
    // The kernel doubles the requested size, socket(7).
    expect(evidence).toContainEqual(expect.objectContaining({ what: 'receive buffer', value: 8192 }));
    if (!kernelIsSince(5, 18)) return;
    const who = new RegExp(
      `^dropped from (localhost|127\\.0\\.0\\.1) to (localhost|127\\.0\\.0\\.1):${about?.slice(5)}$`,
    );
    const dropped = evidence.find(({ what }) => who.test(what));
    expect(dropped).toMatchObject({ unit: 'datagrams', source: 'kfree_skb' });
    expect(Number(dropped?.value)).toBeGreaterThan(0);
  },
  async healthy() {
    const { netns, workshop } = await context();
    const fd = await workshop.socket(AF.INET, SOCK.DGRAM);
    await workshop.setsockopt(fd, OPT.SOL_SOCKET, OPT.SO_RCVBUF, 4096);
    await workshop.bind(fd, { host: V4, port: 0 });
    const sender = await workshop.socket(AF.INET, SOCK.DGRAM);
    await workshop.connect(sender, { host: V4, port: await workshop.port(fd) });
    for (let index = 0; index < 50; index++) await workshop.send(sender, 500);
    await until('drops of long ago', () => counter(netns, 'UdpRcvbufErrors') > 0);
    return burstsWhile(await Workshop.start(netns), 9, findings(netns, 'UDP_RCVBUF_DROPS'));
  },
});

prove({
  rule: 'NAGLE_DELACK',
  how: 'namespace: requests in two small writes, answered when both are there',
  lookAlike: 'the same requests in one write',
  async fault() {
    const netns = namespace();
    await traffic(netns, 'split');
    return findings(netns, 'NAGLE_DELACK', '4s');
  },
  async healthy() {
    const netns = namespace();
    await traffic(netns, 'whole');
    return findings(netns, 'NAGLE_DELACK', '4s');
  },
});
