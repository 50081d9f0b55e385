/**
 * TCP sockets in every state, in one namespace with loopback. Each recipe returns what a test may
 * rely on: ports as they were made, inodes from fstat(2); 0 is the inode of what has no descriptor.
 */
import { type TestNetns, until } from '../netns.ts';
import { OPT, SHUT, SOCK } from './constants.ts';
import { type Address, familyOf } from './sockaddr.ts';
import type { Workshop } from './workshop.ts';

/** One socket that must be there. */
export interface Expected {
  /** What it shows, for a test's messages. */
  what: string;
  /** As `ss` spells it: `ESTAB`, `SYN-SENT` … */
  state: string;
  family: 'inet' | 'inet6';
  localPort: number;
  peerPort: number;
  /** From fstat(2); 0 where no descriptor refers to the socket. */
  inode: number;
}

/** Where recipes work. */
export interface Ground {
  netns: TestNetns;
  workshop: Workshop;
}

const V4 = '127.0.0.1';

/** LISTEN on IPv4, IPv6 only, and both (`::` with IPV6_V6ONLY off). */
export async function listeners({ workshop }: Ground): Promise<Expected[]> {
  const v4 = await workshop.tcpListener(V4);
  const v6 = await workshop.tcpListener('::1');
  const both = await dualStackListener(workshop);
  const expected = async (what: string, family: 'inet' | 'inet6', listener: { fd: number; port: number }) => ({
    ...{ what, family, state: 'LISTEN', localPort: listener.port, peerPort: 0 },
    inode: await workshop.inode(listener.fd),
  });
  return [
    await expected('listener on IPv4', 'inet', v4),
    await expected('listener on IPv6', 'inet6', v6),
    await expected('listener on both', 'inet6', both),
  ];
}

/** ESTABLISHED over IPv4, IPv6, and from IPv4 to a dual-stack listener (mapped on its side). */
export async function established({ workshop }: Ground): Promise<Expected[]> {
  const rows: Expected[] = [];
  for (const [what, listener, host] of [
    ['plain IPv4', await workshop.tcpListener(V4), V4],
    ['plain IPv6', await workshop.tcpListener('::1'), '::1'],
    ['IPv4-mapped', await dualStackListener(workshop), V4],
  ] as const) {
    const pair = await workshop.tcpPair(listener, host);
    const ends = {
      client: { localPort: pair.clientPort, peerPort: listener.port, inode: await workshop.inode(pair.client) },
      server: { localPort: listener.port, peerPort: pair.clientPort, inode: await workshop.inode(pair.server) },
    };
    const family = host === V4 ? 'inet' : 'inet6';
    rows.push({ what: `${what}, client`, state: 'ESTAB', family, ...ends.client });
    rows.push({
      ...{ what: `${what}, server`, state: 'ESTAB', ...ends.server },
      family: what === 'plain IPv4' ? 'inet' : 'inet6',
    });
  }
  return rows;
}

/** A listener whose queue holds `waiting` connections that nobody accepts: ESTABLISHED with inode 0. */
export async function acceptQueue({ workshop }: Ground, backlog = 2, waiting = 3) {
  const listener = await workshop.tcpListener(V4, 0, backlog);
  const clientPorts: number[] = [];
  for (let index = 0; index < waiting; index++) {
    const client = await workshop.socket(familyOf(V4), SOCK.STREAM);
    await workshop.connect(client, listener);
    clientPorts.push(await workshop.port(client));
  }
  return { port: listener.port, inode: await workshop.inode(listener.fd), backlog, waiting, clientPorts };
}

/** SYN_SENT: the first packet is dropped on its way in. */
export async function synSent(ground: Ground, host = V4): Promise<Expected> {
  const { netns, workshop } = ground;
  const port = await freePort(workshop, host);
  drop(netns, host, '--dport', String(port), '--syn');
  const fd = await workshop.socket(familyOf(host), SOCK.STREAM);
  await workshop.connect(fd, { host, port }, false);
  return {
    ...{ what: `SYN_SENT to ${host}`, state: 'SYN-SENT', family: host === V4 ? 'inet' : 'inet6' },
    ...{ localPort: await workshop.port(fd), peerPort: port, inode: await workshop.inode(fd) },
  };
}

/** SYN_RECV: the listener never sees the third packet of the handshake. The client is ESTABLISHED. */
export async function synReceived({ netns, workshop }: Ground): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  drop(netns, V4, '--dport', String(listener.port), '--tcp-flags', 'SYN,ACK,FIN,RST', 'ACK');
  const client = await workshop.socket(familyOf(V4), SOCK.STREAM);
  await workshop.connect(client, listener);
  return {
    ...{ what: 'half-open entry', state: 'SYN-RECV', family: 'inet', inode: 0 },
    ...{ localPort: listener.port, peerPort: await workshop.port(client) },
  };
}

/** FIN_WAIT1 without an owner: closed with unsent data, and nothing comes through. */
export async function finWait1Orphan({ netns, workshop }: Ground): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  drop(netns, V4, '--dport', String(listener.port));
  await workshop.send(pair.client, 100);
  await workshop.close(pair.client);
  return {
    ...{ what: 'FIN_WAIT1 orphan', state: 'FIN-WAIT-1', family: 'inet', inode: 0 },
    ...{ localPort: pair.clientPort, peerPort: listener.port },
  };
}

/** FIN_WAIT2 with its owner (shut down, not closed); the other side is CLOSE_WAIT with the FIN unread. */
export async function finWait2Held({ workshop }: Ground): Promise<[held: Expected, closeWait: Expected]> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  await workshop.shutdown(pair.client, SHUT.WR);
  return [
    {
      ...{ what: 'FIN_WAIT2, held', state: 'FIN-WAIT-2', family: 'inet', inode: await workshop.inode(pair.client) },
      ...{ localPort: pair.clientPort, peerPort: listener.port },
    },
    {
      ...{ what: 'CLOSE_WAIT, FIN unread', state: 'CLOSE-WAIT', family: 'inet' },
      ...{ localPort: listener.port, peerPort: pair.clientPort, inode: await workshop.inode(pair.server) },
    },
  ];
}

/** FIN_WAIT2 as a mini-socket: closed, while the other side (CLOSE_WAIT, FIN read) stays open. */
export async function finWait2Mini({ workshop }: Ground): Promise<[mini: Expected, closeWait: Expected]> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  await workshop.close(pair.client);
  await workshop.recv(pair.server, 1);
  return [
    {
      ...{ what: 'FIN_WAIT2, mini-socket', state: 'FIN-WAIT-2', family: 'inet', inode: 0 },
      ...{ localPort: pair.clientPort, peerPort: listener.port },
    },
    {
      ...{ what: 'CLOSE_WAIT, FIN read', state: 'CLOSE-WAIT', family: 'inet' },
      ...{ localPort: listener.port, peerPort: pair.clientPort, inode: await workshop.inode(pair.server) },
    },
  ];
}

/** TIME_WAIT: closed first, then the other side. */
export async function timeWait({ workshop }: Ground, host = V4): Promise<Expected> {
  const listener = await workshop.tcpListener(host);
  const pair = await workshop.tcpPair(listener);
  await workshop.close(pair.client);
  await workshop.recv(pair.server, 1);
  await workshop.close(pair.server);
  return {
    ...{ what: `TIME_WAIT on ${host}`, state: 'TIME-WAIT', family: host === V4 ? 'inet' : 'inet6', inode: 0 },
    ...{ localPort: pair.clientPort, peerPort: listener.port },
  };
}

/** LAST_ACK: the second side closes too, and its FIN never arrives. */
export async function lastAck({ netns, workshop }: Ground): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  await workshop.shutdown(pair.client, SHUT.WR);
  await workshop.recv(pair.server, 1);
  drop(netns, V4, '--sport', String(listener.port));
  await workshop.close(pair.server);
  return {
    ...{ what: 'LAST_ACK', state: 'LAST-ACK', family: 'inet', inode: 0 },
    ...{ localPort: listener.port, peerPort: pair.clientPort },
  };
}

/** CLOSING: both sides send their FIN, the peer's arrives, the own one never does. The peer is FIN_WAIT1. */
export async function closing({ netns, workshop }: Ground): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  drop(netns, V4, '--dport', String(listener.port));
  await workshop.shutdown(pair.client, SHUT.WR);
  await workshop.shutdown(pair.server, SHUT.WR);
  return {
    ...{ what: 'CLOSING', state: 'CLOSING', family: 'inet', inode: await workshop.inode(pair.client) },
    ...{ localPort: pair.clientPort, peerPort: listener.port },
  };
}

/** Bound, neither listening nor connected; seen only by who asks for bound-inactive sockets. */
export async function boundInactive({ workshop }: Ground, host = V4): Promise<Expected> {
  const fd = await workshop.socket(familyOf(host), SOCK.STREAM);
  await workshop.bind(fd, { host, port: 0 });
  return {
    ...{ what: `bound on ${host}`, state: 'UNCONN', family: host === V4 ? 'inet' : 'inet6', peerPort: 0 },
    ...{ localPort: await workshop.port(fd), inode: await workshop.inode(fd) },
  };
}

/** A listener bound to the interface `lo`, whose index is 1 in every namespace. */
export async function boundToInterface({ workshop }: Ground): Promise<Expected> {
  const fd = await workshop.socket(familyOf(V4), SOCK.STREAM);
  await workshop.setsockopt(fd, OPT.SOL_SOCKET, OPT.SO_BINDTOIFINDEX, 1);
  await workshop.bind(fd, { host: V4, port: 0 });
  await workshop.listen(fd, 5);
  return {
    ...{ what: 'bound to lo', state: 'LISTEN', family: 'inet', peerPort: 0 },
    ...{ localPort: await workshop.port(fd), inode: await workshop.inode(fd) },
  };
}

/** ESTABLISHED with SO_KEEPALIVE: an idle socket with timer 2. */
export async function keepalive({ workshop }: Ground, idleSeconds = 300): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  await workshop.setsockopt(pair.client, 6, OPT.TCP_KEEPIDLE, idleSeconds);
  await workshop.setsockopt(pair.client, OPT.SOL_SOCKET, OPT.SO_KEEPALIVE, 1);
  return {
    ...{ what: 'keepalive', state: 'ESTAB', family: 'inet', inode: await workshop.inode(pair.client) },
    ...{ localPort: pair.clientPort, peerPort: listener.port },
  };
}

/** Bytes received and not read: a receive queue of `bytes`. */
export async function unread({ workshop }: Ground, bytes = 1234): Promise<Expected & { bytes: number }> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  await workshop.send(pair.client, bytes);
  return {
    ...{ what: 'unread bytes', state: 'ESTAB', family: 'inet', bytes, inode: await workshop.inode(pair.server) },
    ...{ localPort: listener.port, peerPort: pair.clientPort },
  };
}

/** A full pipe: the reader reads nothing, the writer has written until nothing fits any more. */
export async function zeroWindow({ workshop }: Ground): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  while ((await workshop.send(pair.client, 1 << 20)) > 0);
  return {
    ...{ what: 'zero window', state: 'ESTAB', family: 'inet', inode: await workshop.inode(pair.client) },
    ...{ localPort: pair.clientPort, peerPort: listener.port },
  };
}

/** Ends whose window scales differ: the client has a small receive buffer. */
export async function unevenWindows({ workshop }: Ground): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  const client = await workshop.socket(familyOf(V4), SOCK.STREAM);
  await workshop.setsockopt(client, OPT.SOL_SOCKET, OPT.SO_RCVBUF, 4096);
  await workshop.connect(client, listener);
  await workshop.accept(listener.fd);
  return {
    ...{ what: 'uneven windows', state: 'ESTAB', family: 'inet', inode: await workshop.inode(client) },
    ...{ localPort: await workshop.port(client), peerPort: listener.port },
  };
}

/** All of the above in one namespace, made and seen by the kernel. */
export async function everyTcpState(ground: Ground): Promise<Expected[]> {
  const rows = [
    ...(await listeners(ground)),
    ...(await established(ground)),
    await synSent(ground),
    await synSent(ground, '::1'),
    await synReceived(ground),
    await finWait1Orphan(ground),
    ...(await finWait2Held(ground)),
    ...(await finWait2Mini(ground)),
    await timeWait(ground),
    await timeWait(ground, '::1'),
    await lastAck(ground),
    await closing(ground),
    await boundInactive(ground),
    await boundInactive(ground, '::1'),
    await boundToInterface(ground),
    await keepalive(ground),
    await unread(ground),
    await unevenWindows(ground),
    await zeroWindow(ground),
  ];
  await acceptQueue(ground);
  await settled(ground.netns, rows);
  return rows;
}

/** Waits until `ss` shows each of the rows in its state: packets on loopback may take a moment. */
export async function settled(netns: TestNetns, rows: readonly Expected[]): Promise<void> {
  let missing: Expected[] = [];
  const seen = () => {
    // -B is newer than many an ss: what is bound and inactive is taken on trust here.
    const lines = netns
      .run('ss', '-tanH')
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    missing = rows.filter(
      (row) =>
        row.state !== 'UNCONN' &&
        !lines.some(
          ([state, , , local = '', peer = '']) =>
            state === row.state && portIn(local) === row.localPort && portIn(peer) === row.peerPort,
        ),
    );
    return missing.length === 0;
  };
  try {
    await until('the sockets to reach their states', seen);
  } catch (cause) {
    throw new Error(`never seen: ${missing.map((row) => row.what).join(', ')}`, { cause });
  }
}

/** The port of `ss`'s `address:port`; 0 for `*`. */
function portIn(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(':') + 1).replace('*', '0'));
}

async function dualStackListener(workshop: Workshop): Promise<{ fd: number; host: string; port: number }> {
  const fd = await workshop.socket(familyOf('::'), SOCK.STREAM);
  await workshop.setsockopt(fd, 41, OPT.IPV6_V6ONLY, 0);
  const address: Address = { host: '::', port: 0 };
  await workshop.bind(fd, address);
  await workshop.listen(fd, 128);
  return { fd, host: '::', port: await workshop.port(fd) };
}

async function freePort(workshop: Workshop, host: string): Promise<number> {
  const fd = await workshop.socket(familyOf(host), SOCK.STREAM);
  await workshop.bind(fd, { host, port: 0 });
  const port = await workshop.port(fd);
  await workshop.close(fd);
  return port;
}

/** Drops TCP packets on their way in. */
function drop(netns: TestNetns, host: string, ...match: string[]): void {
  netns.run(host.includes(':') ? 'ip6tables' : 'iptables', '-A', 'INPUT', '-p', 'tcp', ...match, '-j', 'DROP');
}
