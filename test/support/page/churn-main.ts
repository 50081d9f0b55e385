/**
 * Opens and closes connections with itself on loopback. Each line of stdin is an order, `{"opens": 30, "refused": 5}`: so many
 * connections to a server of its own are opened and closed one after the other, and so many attempts are made to a port
 * where nobody listens. It prints `done` when all of them are over, and exits at the end of stdin. Its first line is the
 * server's port.
 */
import net from 'node:net';
import readline from 'node:readline';

/** Nobody listens there. */
const CLOSED_PORT = 9;

const server = net.createServer((socket) => {
  socket.on('error', () => undefined);
  // Both ends are over when the client's is.
  socket.on('end', () => socket.end());
  socket.resume();
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
process.stdout.write(`${(server.address() as net.AddressInfo).port}\n`);

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const { port } = server.address() as net.AddressInfo;
    const socket = net.connect({ port, host: '127.0.0.1' }, () => socket.end());
    socket.resume();
    socket.once('error', reject);
    socket.once('close', () => resolve());
  });
}

function beRefused(): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect({ port: CLOSED_PORT, host: '127.0.0.1' });
    socket.once('error', () => resolve());
  });
}

const lines = readline.createInterface({ input: process.stdin });
for await (const line of lines) {
  const { opens = 0, refused = 0 } = JSON.parse(line) as { opens?: number; refused?: number };
  for (let count = 0; count < opens; count++) await open();
  for (let count = 0; count < refused; count++) await beRefused();
  process.stdout.write('done\n');
}
process.exit(0);
