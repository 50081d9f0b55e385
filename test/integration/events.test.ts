/**
 * `socklens events` on sockets that a test closes one by one: every case of the kernel's destroy
 * events, as text and as NDJSON. A dump has each socket, which exists before the command starts; sockets
 * that no dump has are in events-stream.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { between, ClosedWatch } from '../support/closed-watch.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { AF, OPT, SHUT, SOCK } from '../support/recipes/constants.ts';
import { drop, freePort, V4 } from '../support/recipes/recipe-context.ts';
import { acceptQueue } from '../support/recipes/tcp-opening.ts';
import { type Fd, type Pair, Workshop } from '../support/recipes/workshop.ts';

let netns: TestNetns;
let workshop: Workshop;
let watch: ClosedWatch;

type Listener = { fd: Fd; host: string; port: number };
type Prepared = Pair & { listener: Listener };

/** Sockets that exist before the commands start. */
interface Scene {
  plain: Prepared;
  bothShut: Prepared;
  finWait: Prepared;
  linger: Prepared;
  unread: Prepared;
  inet6: Prepared;
  mapped: Prepared;
  queue: Awaited<ReturnType<typeof acceptQueue>>;
  victim: { workshop: Workshop; pairs: Prepared[] };
  waiting: { fd: Fd; localPort: number; peerPort: number };
}

let scene: Scene;

async function pairOf(shop: Workshop, host = V4): Promise<Prepared> {
  const listener = await shop.tcpListener(host);
  return { listener, ...(await shop.tcpPair(listener)) };
}

async function mappedPair(shop: Workshop): Promise<Prepared> {
  const fd = await shop.socket(AF.INET6, SOCK.STREAM);
  await shop.setsockopt(fd, 41, OPT.IPV6_V6ONLY, 0);
  await shop.bind(fd, { host: '::', port: 0 });
  await shop.listen(fd, 8);
  const listener = { fd, host: '::', port: await shop.port(fd) };
  return { listener, ...(await shop.tcpPair(listener, V4)) };
}

async function waitingInSynSent(): Promise<Scene['waiting']> {
  const peerPort = await freePort(workshop, V4);
  drop(netns, V4, '--dport', String(peerPort), '--syn');
  const fd = await workshop.socket(AF.INET, SOCK.STREAM);
  await workshop.connect(fd, { host: V4, port: peerPort }, false);
  return { fd, localPort: await workshop.port(fd), peerPort };
}

beforeAll(async () => {
  netns = createNetns();
  netns.run('sysctl', '-qw', 'net.ipv4.tcp_fin_timeout=1', 'net.ipv4.tcp_syn_retries=1');
  workshop = await Workshop.start(netns);
  const other = await Workshop.start(netns);
  scene = {
    plain: await pairOf(workshop),
    bothShut: await pairOf(workshop),
    finWait: await pairOf(workshop),
    linger: await pairOf(workshop),
    unread: await pairOf(workshop),
    inet6: await pairOf(workshop, '::1'),
    mapped: await mappedPair(workshop),
    queue: await acceptQueue({ netns, workshop }),
    victim: { workshop: other, pairs: [await pairOf(other), await pairOf(other), await pairOf(other)] },
    waiting: await waitingInSynSent(),
  };
  watch = await ClosedWatch.start(netns, workshop);
});
afterAll(async () => {
  await watch?.stop();
  await scene?.victim.workshop.stop();
  await workshop?.stop();
  netns?.remove();
});

describe('events: connections that a dump has seen', () => {
  it('the client closes first: one end, with its bytes; the server closes: one more; TIME_WAIT: none', async () => {
    const { client, server, clientPort, listener } = scene.plain;
    await workshop.send(client, 900);
    await workshop.recv(server, 2000);
    await workshop.send(server, 300);
    await workshop.recv(client, 2000);
    const first = await watch.closed(1, () => workshop.close(client));
    expect(first).toMatchObject([
      {
        proto: 'tcp',
        family: 'inet',
        target: `netns:${netns.name}`,
        role: 'client',
        outcome: 'closed',
        retransmits: 0,
        local: { address: V4, port: clientPort },
        peer: { address: V4, port: listener.port },
        processes: [{ pid: workshop.pid }],
        bytesSent: 900,
        bytesReceived: 300,
      },
    ]);
    expect(first[0]?.rttUs).toBeGreaterThan(0);
    // It existed before the first dump, so its lifetime has no upper bound.
    expect(first[0]?.lifetime?.atMostMs).toBeUndefined();
    const [clock, who, local, peer, lived, sent, received, rtt, retransmits, outcome] = watch.cells(
      clientPort,
      listener.port,
    );
    expect(clock).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/);
    expect(who).toBe(`${workshop.pid}/${first[0]?.processes?.[0]?.name}`);
    expect([local, peer]).toEqual([`${V4}:${clientPort}`, `${V4}:${listener.port}`]);
    expect(lived).toMatch(/^≥/);
    expect([sent, received, retransmits, outcome]).toEqual(['900B', '300B', '0', 'closed']);
    expect(rtt).toMatch(/^[\d.]+(us|ms)$/);

    const second = await watch.closed(1, async () => {
      await workshop.recv(server, 1);
      await workshop.close(server);
    });
    expect(second).toMatchObject([
      // The client's end-of-file counts as a byte.
      { role: 'server', outcome: 'closed', bytesSent: 300, bytesReceived: 901, processes: [{ pid: workshop.pid }] },
    ]);
    expect(between(second[0] ?? { type: 'gap' }, listener.port, clientPort)).toBe(true);
    await until('TIME_WAIT', () => watch.shows('TIME-WAIT', clientPort));
    const none = await watch.closed(0, async () => {
      netns.run('ss', '-K', 'state', 'time-wait', 'sport', '=', `:${clientPort}`);
      await until('the end of TIME_WAIT', () => !watch.shows('TIME-WAIT', clientPort));
    });
    expect(none).toEqual([]);
  });

  it('FIN_WAIT2 without a process: its end makes none, the other side one', async () => {
    const { client, server, clientPort, listener } = scene.finWait;
    expect(await watch.closed(1, () => workshop.close(client))).toMatchObject([{ role: 'client', outcome: 'closed' }]);
    await until('FIN_WAIT2', () => watch.shows('FIN-WAIT-2', clientPort));
    const none = await watch.closed(0, () => until('its end', () => !watch.shows('FIN-WAIT-2', clientPort)));
    expect(none).toEqual([]);
    const other = await watch.closed(1, () => workshop.close(server));
    expect(other).toMatchObject([{ role: 'server', local: { port: listener.port }, peer: { port: clientPort } }]);
  });

  it('both sides shut down: none until the descriptors are closed, then one each', async () => {
    const { client, server, clientPort, listener } = scene.bothShut;
    const none = await watch.closed(0, async () => {
      await workshop.shutdown(client, SHUT.WR);
      await workshop.recv(server, 1);
      await workshop.shutdown(server, SHUT.WR);
      await workshop.recv(client, 1);
      await until('TIME_WAIT', () => watch.shows('TIME-WAIT', clientPort));
    });
    expect(none).toEqual([]);
    const both = await watch.closed(2, async () => {
      await workshop.close(client);
      await workshop.close(server);
    });
    expect(both.map(({ outcome }) => outcome)).toEqual(['closed', 'closed']);
    expect(both.some((end) => between(end, clientPort, listener.port))).toBe(true);
    expect(both.some((end) => between(end, listener.port, clientPort))).toBe(true);
  });

  it('SO_LINGER 0: aborted, its endpoints as they were; the reset peer is reported when it is closed', async () => {
    const { client, server, clientPort, listener } = scene.linger;
    const first = await watch.closed(1, async () => {
      await workshop.setsockopt(client, OPT.SOL_SOCKET, OPT.SO_LINGER, 1, 0);
      await workshop.close(client);
      await until('the reset', () => !watch.shows('ESTAB', listener.port));
    });
    expect(first).toMatchObject([
      {
        outcome: 'aborted',
        role: 'client',
        processes: [{ pid: workshop.pid }],
        local: { address: V4, port: clientPort },
        peer: { address: V4, port: listener.port },
      },
    ]);
    // The kernel has cleared its counters.
    expect(first[0]).not.toHaveProperty('bytesSent');
    expect(watch.cells(clientPort, listener.port).at(-1)).toBe('aborted');
    expect(watch.cells(clientPort, listener.port)[5]).toBe('-');
    const second = await watch.closed(1, () => workshop.close(server));
    expect(second).toMatchObject([{ role: 'server', local: { port: listener.port }, peer: { port: clientPort } }]);
  });

  it('closed with unread data: aborted, with what was received; the reset peer is reported when it is closed', async () => {
    const { client, server, clientPort, listener } = scene.unread;
    const first = await watch.closed(1, async () => {
      await workshop.send(client, 777);
      await workshop.close(server);
    });
    expect(first).toMatchObject([
      {
        outcome: 'aborted',
        role: 'server',
        bytesReceived: 777,
        local: { port: listener.port },
        peer: { port: clientPort },
      },
    ]);
    const second = await watch.closed(1, () => workshop.close(client));
    expect(second).toMatchObject([{ outcome: 'closed', role: 'client', bytesSent: 777, local: { port: clientPort } }]);
  });

  it('IPv6, and IPv4 to a socket of both', async () => {
    const { inet6, mapped } = scene;
    const both = await watch.closed(4, async () => {
      for (const { client, server } of [inet6, mapped]) {
        await workshop.close(client);
        await workshop.recv(server, 1);
        await workshop.close(server);
      }
    });
    const of = (local: number, peer: number) => both.find((end) => between(end, local, peer));
    expect(of(inet6.clientPort, inet6.listener.port)).toMatchObject({
      family: 'inet6',
      local: { address: '::1' },
      peer: { address: '::1' },
    });
    expect(watch.cells(inet6.clientPort, inet6.listener.port)[2]).toBe(`[::1]:${inet6.clientPort}`);
    expect(of(mapped.clientPort, mapped.listener.port)).toMatchObject({ family: 'inet', peer: { address: V4 } });
    expect(of(mapped.listener.port, mapped.clientPort)).toMatchObject({
      family: 'inet6',
      role: 'server',
      peer: { address: '::ffff:127.0.0.1' },
    });
  });

  it('a listener closed with connections in its queue: each never accepted', async () => {
    const { port, waiting, clientPorts } = scene.queue;
    const fd = await watch.descriptorOf(scene.queue.inode);
    const children = await watch.closed(waiting, () => workshop.close(fd));
    expect(children.map(({ outcome }) => outcome)).toEqual(Array(waiting).fill('never-accepted'));
    expect(children.map(({ local, peer }) => [local?.port, peer?.port]).sort()).toEqual(
      clientPorts.map((clientPort) => [port, clientPort]).sort(),
    );
    expect(watch.cells(port, clientPorts[0] ?? 0).at(-1)).toBe('never-accepted');
    expect(children.every((child) => child.processes === undefined && child.role === 'server')).toBe(true);
  });

  it('a killed process: all of its connections', async () => {
    const { workshop: victim, pairs } = scene.victim;
    const all = await watch.closed(pairs.length * 2, () => victim.stop());
    for (const { clientPort, listener } of pairs) {
      expect(all.filter((end) => between(end, clientPort, listener.port))).toHaveLength(1);
      expect(all.filter((end) => between(end, listener.port, clientPort))).toHaveLength(1);
    }
    expect(all.every((end) => end.processes?.[0]?.pid === victim.pid)).toBe(true);
  });

  it('SYN_SENT closed by SOCK_DESTROY, then by its process: no answer', async () => {
    const { fd, localPort, peerPort } = scene.waiting;
    const none = await watch.closed(0, async () => {
      netns.run('ss', '-K', 'state', 'syn-sent', 'dport', '=', `:${peerPort}`);
      await until('the end of SYN_SENT', () => !watch.shows('SYN-SENT', localPort));
    });
    expect(none).toEqual([]);
    const one = await watch.closed(1, () => workshop.close(fd));
    expect(one).toMatchObject([
      { outcome: 'no-answer', role: 'client', local: { port: localPort }, peer: { port: peerPort }, bytesSent: 0 },
    ]);
  });
});

describe('events: at the end', () => {
  it('the summary is the sum of the printed connections, and the status is 0', async () => {
    const { json, text, expected: total } = watch;
    expect(await watch.stop()).toEqual([0, 0]);
    expect([json.stderr, text.stderr]).toEqual(['', '']);
    const summary = json.objects.at(-1);
    expect(summary).toMatchObject({ type: 'summary', connections: json.connections.length, gaps: 0 });
    expect(json.connections).toHaveLength(total);
    const added = summary?.peers?.reduce((sum, { connections }) => sum + connections, 0);
    expect(added).toBe(total);
    // As text: the same lines.
    const lines = text.stdout.split('\n').filter((line) => /^\d\d:\d\d:\d\d\.\d{3} /.test(line));
    expect(lines).toHaveLength(total);
    expect(text.stdout).toMatch(new RegExp(`^${total} connections? closed in `, 'm'));
  });
});
