/** `socklens events`: failed connection attempts, and closed sockets that are not TCP connections. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { between, ClosedWatch } from '../support/closed-watch.ts';
import type { EventObject } from '../support/events-run.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { AF, SOCK } from '../support/recipes/constants.ts';
import { mptcp, udpConnected, udpUnconnected } from '../support/recipes/other-protocols.ts';
import { drop, freePort, V4 } from '../support/recipes/recipe-context.ts';
import { boundInactive } from '../support/recipes/tcp-opening.ts';
import { Workshop } from '../support/recipes/workshop.ts';

let netns: TestNetns;
let workshop: Workshop;
let watch: ClosedWatch;

beforeAll(async () => {
  netns = createNetns();
  netns.run('sysctl', '-qw', 'net.ipv4.tcp_syn_retries=1');
  workshop = await Workshop.start(netns);
  watch = await ClosedWatch.start(netns, workshop);
});
afterAll(async () => {
  await watch?.stop();
  await workshop?.stop();
  netns?.remove();
});

/** Packets that the rule of `drop` has taken. */
function dropped(port: number): number {
  const rules = netns.run('iptables', '-w', '20', '-nvxL', 'INPUT').split('\n');
  return Number(
    rules
      .find((rule) => rule.includes(`dpt:${port} `))
      ?.trim()
      .split(/\s+/)[0],
  );
}

describe('events: attempts to connect', () => {
  it('refused, non-blocking: refused, with its endpoints', async () => {
    const port = await freePort(workshop, V4);
    const fd = await workshop.socket(AF.INET, SOCK.STREAM);
    await workshop.connect(fd, { host: V4, port }, true);
    const localPort = await workshop.port(fd).catch(() => 0);
    const one = await watch.closed(1, () => workshop.close(fd));
    expect(one).toMatchObject([{ outcome: 'refused', peer: { address: V4, port }, local: { address: V4 } }]);
    if (localPort !== 0) expect(one[0]?.local?.port).toBe(localPort);
  });

  it('refused, blocking: failed; the kernel has cleared the port', async () => {
    const port = await freePort(workshop, V4);
    const fd = await workshop.socket(AF.INET, SOCK.STREAM, 0, true);
    await expect(workshop.connect(fd, { host: V4, port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const one = await watch.closed(1, () => workshop.close(fd));
    expect(one).toMatchObject([{ outcome: 'failed', peer: { address: V4, port: 0 } }]);
  });

  it('no answer, non-blocking: no answer, with the retransmissions', async () => {
    const port = await freePort(workshop, V4);
    drop(netns, V4, '--dport', String(port), '--syn');
    const fd = await workshop.socket(AF.INET, SOCK.STREAM);
    await workshop.connect(fd, { host: V4, port }, false);
    const localPort = await workshop.port(fd);
    await until('the attempt to be given up', () => !watch.shows('SYN-SENT', localPort));
    const one = await watch.closed(1, () => workshop.close(fd));
    expect(one).toMatchObject([
      { outcome: 'no-answer', peer: { port }, local: { port: localPort }, retransmits: dropped(port) - 1 },
    ]);
  });

  it('no answer, blocking: failed, and the endpoints come from the dump that saw it', async () => {
    const port = await freePort(workshop, V4);
    drop(netns, V4, '--dport', String(port), '--syn');
    const shop = await Workshop.start(netns);
    let one: EventObject[] = [];
    // On a busy machine dumps are seconds apart, and none may see it: the next attempt lasts twice as long.
    for (const retries of [2, 3, 4, 5]) {
      netns.run('sysctl', '-qw', `net.ipv4.tcp_syn_retries=${retries}`);
      const fd = await shop.socket(AF.INET, SOCK.STREAM, 0, true);
      await expect(shop.connect(fd, { host: V4, port })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      one = await watch.closed(1, () => shop.close(fd));
      if (one[0]?.peer?.port === port) break;
    }
    await shop.stop();
    expect(one).toMatchObject([{ outcome: 'failed', peer: { address: V4, port }, processes: [{ pid: shop.pid }] }]);
  });
});

describe('events: other sockets', () => {
  it('a listener, a bound socket, a new one: no connection', async () => {
    const listener = await workshop.tcpListener(V4);
    const none = await watch.closed(0, async () => {
      await workshop.close(listener.fd);
      await workshop.close(await workshop.socket(AF.INET, SOCK.STREAM));
      const { inode } = await boundInactive({ netns, workshop });
      await workshop.close(await watch.descriptorOf(inode));
    });
    expect(none).toEqual([]);
  });

  it('UDP with a peer: one; without: none', async () => {
    const connected = await udpConnected({ netns, workshop });
    const fd = await watch.descriptorOf(connected.inode);
    const one = await watch.closed(1, () => workshop.close(fd));
    expect(one).toMatchObject([
      {
        proto: 'udp',
        family: 'inet',
        outcome: 'closed',
        local: { address: V4, port: connected.localPort },
        peer: { address: V4, port: connected.peerPort },
      },
    ]);
    expect(one[0]).not.toHaveProperty('bytesSent');
    expect(one[0]).not.toHaveProperty('role');
    const unconnected = await udpUnconnected({ netns, workshop });
    const other = await watch.descriptorOf(unconnected.inode);
    expect(await watch.closed(0, () => workshop.close(other))).toEqual([]);
  });

  it('MPTCP: the TCP connection below it, on each side', async ({ skip }) => {
    const sockets = await mptcp({ netns, workshop }).catch((error: { code?: string }) => error.code ?? '');
    if (typeof sockets === 'string') return skip(`this kernel has no MPTCP: ${sockets}`);
    const [listener, client, server] = sockets;
    const [clientFd, serverFd] = [await watch.descriptorOf(client?.inode), await watch.descriptorOf(server?.inode)];
    const both = await watch.closed(2, async () => {
      await workshop.close(clientFd);
      await workshop.recv(serverFd, 1);
      await workshop.close(serverFd);
    });
    const [a, b] = [client?.localPort ?? 0, listener?.localPort ?? 0];
    expect(both.filter((end) => between(end, a, b))).toHaveLength(1);
    // The kernel has disconnected the TCP socket of the side that closed last: its peer's port may be missing.
    expect(both.filter(({ local, peer }) => local?.port === b && [a, 0].includes(peer?.port ?? -1))).toHaveLength(1);
    expect(both.every(({ proto }) => proto === 'tcp')).toBe(true);
  });
});
