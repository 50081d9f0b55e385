/**
 * The demo's web service: holds a pool of connections to the database whose address is its argument,
 * serves HTTP on port 8080, and leaks what its clients have closed.
 */
import http from 'node:http';
import net from 'node:net';

const [database = ''] = process.argv.slice(2);
const POOL = 63;
/** Requests whose connections this side closes: their sockets stay in TIME_WAIT. */
const REQUESTS = 8;
/** Connections that the peer has closed and this side never closes: CLOSE_WAIT. */
const LEAKED = 5;

function connect(): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port: 3306, host: database }, () => resolve(socket));
    socket.on('error', reject);
  });
}

/** A server that closes each connection at once, and a client that never closes its own side. */
async function leak(): Promise<void> {
  const closing = net.createServer({ allowHalfOpen: true }, (socket) => socket.end()).listen(9000, '127.0.0.1');
  await new Promise((resolve) => closing.once('listening', resolve));
  await Promise.all(
    Array.from({ length: LEAKED }, async () => {
      const socket = net.connect({ port: 9000, host: '127.0.0.1', allowHalfOpen: true });
      await new Promise((resolve) => socket.once('end', resolve).resume());
    }),
  );
}

const server = http.createServer((_request, response) => response.setHeader('Connection', 'close').end('ok\n'));
await new Promise<void>((resolve) => server.listen(8080, '0.0.0.0', resolve));
await Promise.all(Array.from({ length: POOL }, connect));
for (let count = 0; count < REQUESTS; count++) await (await fetch('http://127.0.0.1:8080/')).text();
await leak();
console.log('ready');
process.stdin.on('close', () => process.exit(0)).resume();
