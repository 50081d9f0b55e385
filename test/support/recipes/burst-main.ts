/**
 * Holds a number of TCP connections on loopback for a short time, both ends in this process, and closes all of them.
 *
 * Arguments: port, connections, milliseconds. Prints `ready`, starts at the first line on stdin or, with `now` as the
 * fourth argument, at once, prints `closed`, and exits.
 */
import { once } from 'node:events';
import { AF, SOCK } from './constants.ts';
import { accept, bind, close, connect, listen, socket } from './libc.ts';
import { encodeAddress } from './sockaddr.ts';

const [port = 3306, connections = 257, holdMs = 80] = process.argv.slice(2, 5).map(Number);
const address = encodeAddress({ host: '127.0.0.1', port });
const listener = socket(AF.INET, SOCK.STREAM);
bind(listener, address);
listen(listener, 4096);
process.stdout.write('ready\n');
if (process.argv[5] !== 'now') await once(process.stdin, 'data');

const ends: number[] = [];
for (let made = 0; made < connections; made++) {
  const client = socket(AF.INET, SOCK.STREAM, 0, true);
  connect(client, address);
  ends.push(accept(listener), client);
}
await new Promise((resolve) => setTimeout(resolve, holdMs));
// The server's ends first, so that no client waits in TIME_WAIT.
for (const end of ends) close(end);
process.stdout.write('closed\n');
process.exit(0);
