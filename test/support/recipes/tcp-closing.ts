/** TCP sockets on their way down, each held in its state. */
import { SHUT } from './constants.ts';
import { drop, type Expected, type RecipeContext, V4 } from './recipe-context.ts';

/** FIN_WAIT1 without an owner: closed with unsent data while all packets are dropped. */
export async function finWait1Orphan({ netns, workshop }: RecipeContext): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  drop(netns, V4, '--dport', String(listener.port));
  await workshop.send(pair.client, 100);
  await workshop.close(pair.client);
  return {
    what: 'FIN_WAIT1 orphan',
    state: 'FIN-WAIT-1',
    family: 'inet',
    inode: 0,
    localPort: pair.clientPort,
    peerPort: listener.port,
  };
}

/** FIN_WAIT2 with its owner (shut down, not closed); the other side is CLOSE_WAIT with the FIN unread. */
export async function finWait2Held({ workshop }: RecipeContext): Promise<[held: Expected, closeWait: Expected]> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  await workshop.shutdown(pair.client, SHUT.WR);
  return [
    {
      what: 'FIN_WAIT2, held',
      state: 'FIN-WAIT-2',
      family: 'inet',
      inode: await workshop.inode(pair.client),
      localPort: pair.clientPort,
      peerPort: listener.port,
    },
    {
      what: 'CLOSE_WAIT, FIN unread',
      state: 'CLOSE-WAIT',
      family: 'inet',
      localPort: listener.port,
      peerPort: pair.clientPort,
      inode: await workshop.inode(pair.server),
    },
  ];
}

/** FIN_WAIT2 as a mini-socket: closed, while the other side (CLOSE_WAIT, FIN read) stays open. */
export async function finWait2Mini({ workshop }: RecipeContext): Promise<[mini: Expected, closeWait: Expected]> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  await workshop.close(pair.client);
  await workshop.recv(pair.server, 1);
  return [
    {
      what: 'FIN_WAIT2, mini-socket',
      state: 'FIN-WAIT-2',
      family: 'inet',
      inode: 0,
      localPort: pair.clientPort,
      peerPort: listener.port,
    },
    {
      what: 'CLOSE_WAIT, FIN read',
      state: 'CLOSE-WAIT',
      family: 'inet',
      localPort: listener.port,
      peerPort: pair.clientPort,
      inode: await workshop.inode(pair.server),
    },
  ];
}

/** TIME_WAIT: closed first, then the other side. */
export async function timeWait({ workshop }: RecipeContext, host = V4): Promise<Expected> {
  const listener = await workshop.tcpListener(host);
  const pair = await workshop.tcpPair(listener);
  await workshop.close(pair.client);
  await workshop.recv(pair.server, 1);
  await workshop.close(pair.server);
  return {
    what: `TIME_WAIT on ${host}`,
    state: 'TIME-WAIT',
    family: host === V4 ? 'inet' : 'inet6',
    inode: 0,
    localPort: pair.clientPort,
    peerPort: listener.port,
  };
}

/** LAST_ACK: the second side closes too, and its FIN never arrives. */
export async function lastAck({ netns, workshop }: RecipeContext): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  await workshop.shutdown(pair.client, SHUT.WR);
  await workshop.recv(pair.server, 1);
  drop(netns, V4, '--sport', String(listener.port));
  await workshop.close(pair.server);
  return {
    what: 'LAST_ACK',
    state: 'LAST-ACK',
    family: 'inet',
    inode: 0,
    localPort: listener.port,
    peerPort: pair.clientPort,
  };
}

/** CLOSING: both sides send their FIN, the peer's arrives, the own one never does. The peer is FIN_WAIT1. */
export async function closing({ netns, workshop }: RecipeContext): Promise<Expected> {
  const listener = await workshop.tcpListener(V4);
  const pair = await workshop.tcpPair(listener);
  drop(netns, V4, '--dport', String(listener.port));
  await workshop.shutdown(pair.client, SHUT.WR);
  await workshop.shutdown(pair.server, SHUT.WR);
  return {
    what: 'CLOSING',
    state: 'CLOSING',
    family: 'inet',
    inode: await workshop.inode(pair.client),
    localPort: pair.clientPort,
    peerPort: listener.port,
  };
}
