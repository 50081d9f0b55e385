/** Ports of servers that have to be known before they listen, or again after they ended. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';

/** Below it are the ports of well-known services. */
const LOWEST = 20_000;

/**
 * A TCP port of the loopback address that nobody listens on. It is none of those that the kernel gives to whoever asks
 * for any (`net.ipv4.ip_local_port_range`): no other program takes one of these before it is used, or between two uses.
 *
 * @throws where that range leaves no others
 */
export async function freePort(): Promise<number> {
  const range = fs.readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').trim();
  const first = Number(range.split(/\s+/)[0]);
  if (first <= LOWEST) throw new Error(`the range of local ports, ${range}, leaves none to choose from`);
  for (;;) {
    const port = randomInt(LOWEST, first);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
