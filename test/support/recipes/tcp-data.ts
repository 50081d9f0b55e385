/** Established TCP connections with timers, queues and windows of interest. */
import { OPT, SOCK } from './constants.ts';
import { type Expected, type RecipeContext, V4 } from './recipe-context.ts';
import { familyOf } from './sockaddr.ts';

/** ESTABLISHED with SO_KEEPALIVE: an idle socket with timer 2. */
export async function keepalive({ workshop }: RecipeContext, idleSeconds = 300): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  await workshop.setsockopt(pair.client, 6, OPT.TCP_KEEPIDLE, idleSeconds);
  await workshop.setsockopt(pair.client, OPT.SOL_SOCKET, OPT.SO_KEEPALIVE, 1);
  return {
    what: 'keepalive',
    state: 'ESTAB',
    family: 'inet',
    inode: await workshop.inode(pair.client),
    localPort: pair.clientPort,
    peerPort: listener.port,
  };
}

/** Bytes received and not read: a receive queue of `bytes`. */
export async function unread({ workshop }: RecipeContext, bytes = 1234): Promise<Expected & { bytes: number }> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  await workshop.send(pair.client, bytes);
  return {
    what: 'unread bytes',
    state: 'ESTAB',
    family: 'inet',
    bytes,
    inode: await workshop.inode(pair.server),
    localPort: listener.port,
    peerPort: pair.clientPort,
  };
}

/** A full pipe: the reader reads nothing, the writer has written until nothing fits any more. */
export async function zeroWindow({ workshop }: RecipeContext): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  while ((await workshop.send(pair.client, 1 << 20)) > 0);
  return {
    what: 'zero window',
    state: 'ESTAB',
    family: 'inet',
    inode: await workshop.inode(pair.client),
    localPort: pair.clientPort,
    peerPort: listener.port,
  };
}

/** Ends whose window scales differ: the client has a small receive buffer. */
export async function unevenWindows({ workshop }: RecipeContext): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  const client = await workshop.socket(familyOf(V4), SOCK.STREAM);
  await workshop.setsockopt(client, OPT.SOL_SOCKET, OPT.SO_RCVBUF, 4096);
  await workshop.connect(client, listener);
  await workshop.accept(listener.fd);
  return {
    what: 'uneven windows',
    state: 'ESTAB',
    family: 'inet',
    inode: await workshop.inode(client),
    localPort: await workshop.port(client),
    peerPort: listener.port,
  };
}
