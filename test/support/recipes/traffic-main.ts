/**
 * Sends over one TCP connection on loopback, both ends in this process, until it is killed.
 *
 * Argument: `stream` sends as fast as the other end reads, `split` repeats a request in two small writes
 * and a small answer, `whole` the same in one write. Prints the port when it starts.
 */
import { once } from 'node:events';
import net from 'node:net';

const [how = 'stream'] = process.argv.slice(2);
/** Exits after this time when the test has not killed it. */
const END_MS = 120_000;
setTimeout(() => process.exit(0), END_MS).unref();

const REQUEST = Buffer.alloc(200, 'q');
/** One write of `stream`. */
const PIECE = Buffer.alloc(64 * 1024, 's');

const server = net.createServer((socket) => {
  let received = 0;
  socket.on('error', () => {});
  socket.on('data', (data) => {
    if (how === 'stream') return;
    received += data.length;
    for (; received >= REQUEST.length; received -= REQUEST.length) socket.write('a');
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as net.AddressInfo;
// With Nagle's algorithm, Node's default.
const client = net.connect({ port, host: '127.0.0.1', noDelay: false });
await once(client, 'connect');
process.stdout.write(`${port}\n`);
if (how === 'stream') {
  for (;;) if (!client.write(PIECE)) await once(client, 'drain');
}
for (;;) {
  if (how === 'split') {
    client.write(REQUEST.subarray(0, 100));
    // Node joins writes of one turn of the event loop; these are two write(2) calls.
    await new Promise(setImmediate);
    client.write(REQUEST.subarray(100));
  } else client.write(REQUEST);
  await once(client, 'data');
}
