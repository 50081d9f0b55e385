/**
 * Opens and closes TCP connections on loopback at a steady rate, both ends in this process, and prints their
 * exact number.
 *
 * Arguments: connections a second, seconds. Prints `ready`, starts at the first line on stdin, prints
 * `CONNECTIONS SECONDS` and exits.
 */
import { once } from 'node:events';
import { AF, SOCK } from './constants.ts';
import { accept, bind, close, connect, getsockname, listen, socket } from './libc.ts';
import { encodeAddress, portOf } from './sockaddr.ts';

const [rate = 1000, seconds = 1] = process.argv.slice(2).map(Number);
/** Interval between the bursts that make up the rate. */
const STEP_MS = 10;
/** Number of the listener's addresses: the client ports for one address would run out. */
const ADDRESSES = 50;

const listener = socket(AF.INET, SOCK.STREAM);
bind(listener, encodeAddress({ host: '0.0.0.0', port: 0 }));
listen(listener, 4096);
const port = portOf(getsockname(listener));
const targets = Array.from({ length: ADDRESSES }, (_, index) => encodeAddress({ host: `127.0.1.${1 + index}`, port }));

process.stdout.write('ready\n');
await once(process.stdin, 'data');

let made = 0;
const begin = performance.now();
for (;;) {
  const elapsed = performance.now() - begin;
  const wanted = Math.min(Math.floor((elapsed / 1000) * rate), rate * seconds);
  for (; made < wanted; made++) {
    const client = socket(AF.INET, SOCK.STREAM, 0, true);
    connect(client, targets[made % ADDRESSES] as Uint8Array);
    const server = accept(listener);
    close(client);
    close(server);
  }
  if (made >= rate * seconds) break;
  await new Promise((resolve) => setTimeout(resolve, STEP_MS));
}
process.stdout.write(`${made} ${((performance.now() - begin) / 1000).toFixed(2)}\n`);
process.exit(0);
