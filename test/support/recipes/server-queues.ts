/** Queues of listeners that fill: of TCP, of UNIX sockets, of half-open connections. */
import { AF, OPT, SOCK } from './constants.ts';
import { drop, type RecipeContext, V4 } from './recipe-context.ts';
import type { Fd } from './workshop.ts';

/** Connection attempts without waiting for their result. */
export async function dial({ workshop }: RecipeContext, port: number, count: number): Promise<Fd[]> {
  const clients: Fd[] = [];
  for (let index = 0; index < count; index++) {
    const client = await workshop.socket(AF.INET, SOCK.STREAM);
    await workshop.connect(client, { host: V4, port }, false);
    clients.push(client);
  }
  return clients;
}

/** A listener that never accepts, and more clients than its queue takes. */
export async function overflowing(context: RecipeContext, backlog = 3, clients = 6): Promise<{ fd: Fd; port: number }> {
  const listener = await context.workshop.tcpListener(V4, 0, backlog);
  await dial(context, listener.port, clients);
  return listener;
}

/** Clients that never learn of the listener's answer: to the listener a flood of SYNs. */
export async function synFlood(context: RecipeContext, backlog = 16, clients = 40): Promise<{ port: number }> {
  const listener = await context.workshop.tcpListener(V4, 0, backlog);
  drop(context.netns, V4, '--sport', String(listener.port), '--tcp-flags', 'SYN,ACK', 'SYN,ACK');
  await dial(context, listener.port, clients);
  return listener;
}

/** Clients that are connected as far as they know: their last packet of the handshake is lost. */
export async function lostAcks(context: RecipeContext, backlog = 4, clients = 4): Promise<{ port: number }> {
  const listener = await context.workshop.tcpListener(V4, 0, backlog);
  drop(context.netns, V4, '--dport', String(listener.port), '--tcp-flags', 'SYN,ACK,FIN,RST', 'ACK');
  await dial(context, listener.port, clients);
  return listener;
}

/** Listeners that share a port, with connections that the kernel spreads over them. */
export async function reusePort(context: RecipeContext, listeners: number, clients: number) {
  const { workshop } = context;
  const fds: Fd[] = [];
  let port = 0;
  for (let index = 0; index < listeners; index++) {
    const fd = await workshop.socket(AF.INET, SOCK.STREAM);
    await workshop.setsockopt(fd, OPT.SOL_SOCKET, OPT.SO_REUSEPORT, 1);
    await workshop.bind(fd, { host: V4, port });
    await workshop.listen(fd, 128);
    port = await workshop.port(fd);
    fds.push(fd);
  }
  await dial(context, port, clients);
  return { fds, port };
}

/** Accept queue lengths of the listeners of a port in `ss`, by inode. */
export function waitingAt({ netns }: RecipeContext, port: number): Map<number, number> {
  const lines = netns.run('ss', '-Hltne', `sport = :${port}`).trim().split('\n');
  return new Map(lines.map((line) => [Number(/ ino:(\d+)/.exec(line)?.[1]), Number(line.split(/\s+/)[1])]));
}

/** Connects a UNIX stream socket to an abstract name until the listener takes no more. @returns how many it took */
export async function fillUnix({ workshop }: RecipeContext, name: Uint8Array, atMost: number): Promise<number> {
  for (let taken = 0; taken < atMost; taken++) {
    const client = await workshop.unix(SOCK.STREAM);
    try {
      await workshop.connect(client, { unix: name }, false);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      return taken;
    }
  }
  return atMost;
}
