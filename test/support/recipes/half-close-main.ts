/**
 * Holds connections whose clients have shut down writing after their request, while the server goes on sending a
 * few bytes at a time. Exits at the end of stdin.
 *
 * Arguments: connections. Prints `ready` when all of them are half-closed.
 */
import net from 'node:net';

const [connections = 1] = process.argv.slice(2).map(Number);
const EVERY_MS = 50;

let halfClosed = 0;
const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('end', () => {
    setInterval(() => socket.write('answer'), EVERY_MS);
    if (++halfClosed === connections) process.stdout.write('ready\n');
  });
  socket.resume();
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as net.AddressInfo;
  for (let index = 0; index < connections; index++) {
    const client = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.resume();
    client.end('question');
  }
});
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
