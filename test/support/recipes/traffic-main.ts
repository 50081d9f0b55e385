/**
 * Sends over one TCP connection on loopback, both ends here, until it is stopped.
 *
 * The argument says how: `stream` as fast as the other end reads, `split` a request in two small writes
 * and one small answer again and again, `whole` the same in one write. Says `PORT` when it begins.
 */
import { once } from 'node:events';
import net from 'node:net';

const [how = 'stream'] = process.argv.slice(2);
/** It ends by itself when nobody stops it. */
const END_MS = 120_000;
setTimeout(() => process.exit(0), END_MS).unref();

const REQUEST = Buffer.alloc(200, 'q');
/** What a stream writes at once. */
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
// Nagle's algorithm is on unless it is switched off, which Node leaves to its user.
const client = net.connect({ port, host: '127.0.0.1', noDelay: false });
await once(client, 'connect');
process.stdout.write(`${port}\n`);
if (how === 'stream') {
  for (;;) if (!client.write(PIECE)) await once(client, 'drain');
}
for (;;) {
  if (how === 'split') {
    client.write(REQUEST.subarray(0, 100));
    // Node puts writes of one turn together; these are two calls.
    await new Promise(setImmediate);
    client.write(REQUEST.subarray(100));
  } else client.write(REQUEST);
  await once(client, 'data');
}
