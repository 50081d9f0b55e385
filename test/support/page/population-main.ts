/**
 * Holds connections with itself on loopback. Each line of stdin is an order, `{"port": 8080, "open": 30, "closing": 5}`:
 * from then on it has so many connections in ESTABLISHED at both ends, and so many that the client closed and the server
 * did not: CLOSE_WAIT there, FIN_WAIT2 here. It prints `done` when that is so, and exits at the end of stdin.
 */
import net from 'node:net';
import readline from 'node:readline';

interface Order {
  port: number;
  open: number;
  closing: number;
}

const servers = new Map<number, net.Server>();
const open: net.Socket[] = [];
const closing: net.Socket[] = [];

async function obey({ port, open: wanted, closing: wantedClosing }: Order): Promise<void> {
  if (!servers.has(port)) {
    // Nobody reads, so that nobody learns that a client has closed.
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      socket.on('error', () => undefined);
    });
    servers.set(port, server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  }
  while (open.length < wanted) open.push(await connect(port));
  while (closing.length < wantedClosing) {
    const socket = await connect(port);
    await new Promise<void>((resolve) => socket.end(resolve));
    closing.push(socket);
  }
  // A reset, so that no TIME_WAIT stays behind.
  while (open.length > wanted) open.pop()?.resetAndDestroy();
  while (closing.length > wantedClosing) closing.pop()?.resetAndDestroy();
}

function connect(port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

const lines = readline.createInterface({ input: process.stdin });
for await (const line of lines) {
  await obey(JSON.parse(line));
  process.stdout.write('done\n');
}
process.exit(0);
