/**
 * Holds a known number of sockets in every state that one process can bring about. Its name is `ready` when all of them
 * but the short-lived ones exist; it makes those on SIGUSR2, and then its name is `done`.
 */
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import type { ParityPlan } from './parity.ts';

const plan = JSON.parse(process.argv[2] ?? '') as ParityPlan;
const HOST = '127.0.0.1';

/** Sockets that stay open. */
const held: unknown[] = [];

/** Opens connections to a listener of its own. @returns both ends of each */
async function pairs(server: net.Server, count: number, allowHalfOpen: boolean): Promise<[net.Socket, net.Socket][]> {
  const made: [net.Socket, net.Socket][] = [];
  const address = server.address();
  const to = typeof address === 'string' ? { path: address } : { host: HOST, port: plan.port };
  for (let index = 0; index < count; index++) {
    const accepted = once(server, 'connection') as Promise<[net.Socket]>;
    const client = net.connect({ ...to, allowHalfOpen });
    client.on('error', () => {});
    const [peer] = await accepted;
    peer.on('error', () => {});
    client.resume();
    peer.resume();
    made.push([client, peer]);
  }
  held.push(made);
  return made;
}

const server = net.createServer({ allowHalfOpen: true });
await once(server.listen(plan.port, HOST), 'listening');
await pairs(server, plan.established, true);
for (const [client, peer] of await pairs(server, plan.closeWait, true)) {
  const ended = once(peer, 'end');
  client.end();
  await ended;
}
for (let index = 0; index < plan.udp; index++) {
  const socket = dgram.createSocket('udp4');
  held.push(socket);
  socket.bind(0, HOST);
  await once(socket, 'listening');
}
if (plan.unix > 0) {
  const local = net.createServer();
  await once(local.listen(`\0socklens-parity-${plan.port}-${process.pid}`), 'listening');
  await pairs(local, plan.unix, true);
}

process.on('SIGUSR2', () => void shortLived());
process.title = 'ready';

async function shortLived(): Promise<void> {
  // The end that closes first gets the entry in TIME_WAIT.
  for (const [client, peer] of await pairs(server, plan.serverTimeWait, true)) {
    const ended = once(client, 'end');
    peer.end();
    await ended;
    const closed = once(peer, 'close');
    client.end();
    await closed;
  }
  for (const [client, peer] of await pairs(server, plan.clientTimeWait, true)) {
    const ended = once(peer, 'end');
    client.end();
    await ended;
    const closed = once(client, 'close');
    peer.end();
    await closed;
  }
  if (plan.halfOpenPort !== undefined) {
    const half = net.createServer();
    await once(half.listen(plan.halfOpenPort, HOST), 'listening');
    const client = net.connect({ host: HOST, port: plan.halfOpenPort });
    client.on('error', () => {});
    held.push(half, client);
  }
  process.title = 'done';
}
