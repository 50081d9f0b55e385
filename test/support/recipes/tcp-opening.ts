/** TCP sockets on their way up: bound, listening, half-open, established, waiting to be accepted. */
import { OPT, SOCK } from './constants.ts';
import { drop, type Expected, freePort, type RecipeContext, V4 } from './recipe-context.ts';
import { type Address, familyOf } from './sockaddr.ts';
import type { Workshop } from './workshop.ts';

/** LISTEN on IPv4, IPv6 only, and both (`::` with IPV6_V6ONLY off). */
export async function listeners({ workshop }: RecipeContext): Promise<Expected[]> {
  const v4 = await workshop.tcpListener(V4);
  const v6 = await workshop.tcpListener('::1');
  const both = await dualStackListener(workshop);
  const expected = async (what: string, family: 'inet' | 'inet6', listener: { fd: number; port: number }) => ({
    what,
    family,
    state: 'LISTEN',
    localPort: listener.port,
    peerPort: 0,
    inode: await workshop.inode(listener.fd),
  });
  return [
    await expected('listener on IPv4', 'inet', v4),
    await expected('listener on IPv6', 'inet6', v6),
    await expected('listener on both', 'inet6', both),
  ];
}

/** ESTABLISHED over IPv4, IPv6, and from IPv4 to a dual-stack listener (mapped on its side). */
export async function established({ workshop }: RecipeContext): Promise<Expected[]> {
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
      what: `${what}, server`,
      state: 'ESTAB',
      ...ends.server,
      family: what === 'plain IPv4' ? 'inet' : 'inet6',
    });
  }
  return rows;
}

/** A listener whose accept queue holds `waiting` connections: ESTABLISHED with inode 0. */
export async function acceptQueue({ workshop }: RecipeContext, backlog = 2, waiting = 3) {
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
export async function synSent(context: RecipeContext, host = V4): Promise<Expected> {
  const { netns, workshop } = context;
  const port = await freePort(workshop, host);
  drop(netns, host, '--dport', String(port), '--syn');
  const fd = await workshop.socket(familyOf(host), SOCK.STREAM);
  await workshop.connect(fd, { host, port }, false);
  return {
    what: `SYN_SENT to ${host}`,
    state: 'SYN-SENT',
    family: host === V4 ? 'inet' : 'inet6',
    localPort: await workshop.port(fd),
    peerPort: port,
    inode: await workshop.inode(fd),
  };
}

/** SYN_RECV: the listener never sees the third packet of the handshake. The client is ESTABLISHED. */
export async function synReceived({ netns, workshop }: RecipeContext): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  drop(netns, V4, '--dport', String(listener.port), '--tcp-flags', 'SYN,ACK,FIN,RST', 'ACK');
  const client = await workshop.socket(familyOf(V4), SOCK.STREAM);
  await workshop.connect(client, listener);
  return {
    what: 'half-open entry',
    state: 'SYN-RECV',
    family: 'inet',
    inode: 0,
    localPort: listener.port,
    peerPort: await workshop.port(client),
  };
}

/** Bound, neither listening nor connected; the kernel reports it only in dumps of bound-inactive sockets. */
export async function boundInactive({ workshop }: RecipeContext, host = V4): Promise<Expected> {
  const fd = await workshop.socket(familyOf(host), SOCK.STREAM);
  await workshop.bind(fd, { host, port: 0 });
  return {
    what: `bound on ${host}`,
    state: 'UNCONN',
    family: host === V4 ? 'inet' : 'inet6',
    peerPort: 0,
    localPort: await workshop.port(fd),
    inode: await workshop.inode(fd),
  };
}

/** A listener bound to the interface `lo`, whose index is 1 in every namespace. */
export async function boundToInterface({ workshop }: RecipeContext): Promise<Expected> {
  const fd = await workshop.socket(familyOf(V4), SOCK.STREAM);
  await workshop.setsockopt(fd, OPT.SOL_SOCKET, OPT.SO_BINDTOIFINDEX, 1);
  await workshop.bind(fd, { host: V4, port: 0 });
  await workshop.listen(fd, 5);
  return {
    what: 'bound to lo',
    state: 'LISTEN',
    family: 'inet',
    peerPort: 0,
    localPort: await workshop.port(fd),
    inode: await workshop.inode(fd),
  };
}

async function dualStackListener(workshop: Workshop): Promise<{ fd: number; host: string; port: number }> {
  const fd = await workshop.socket(familyOf('::'), SOCK.STREAM);
  await workshop.setsockopt(fd, 41, OPT.IPV6_V6ONLY, 0);
  const address: Address = { host: '::', port: 0 };
  await workshop.bind(fd, address);
  await workshop.listen(fd, 128);
  return { fd, host: '::', port: await workshop.port(fd) };
}
