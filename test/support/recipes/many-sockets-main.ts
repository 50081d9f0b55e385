/**
 * Holds `connections` TCP connections, both ends, over `listeners` listeners on addresses of
 * 127.0.0.0/8, prints `ready` and exits at the end of stdin.
 *
 * Arguments: connections, listeners, index of the first listener.
 */
import { AF, OPT, SOCK } from './constants.ts';
import { accept, bind, connect, getsockname, listen, setsockopt, socket } from './libc.ts';
import { encodeAddress, portOf } from './sockaddr.ts';

const [connections = 0, listeners = 1, first = 0] = process.argv.slice(2).map(Number);

const targets = Array.from({ length: listeners }, (_, index) => {
  // 127.1.0.1 … 127.254.255.254: each listener has an address of its own.
  const number = first + index;
  const host = `127.${1 + Math.floor(number / 64516)}.${Math.floor(number / 254) % 254}.${1 + (number % 254)}`;
  const fd = socket(AF.INET, SOCK.STREAM);
  bind(fd, encodeAddress({ host, port: 0 }));
  listen(fd, 4096);
  return { fd, address: encodeAddress({ host, port: portOf(getsockname(fd)) }) };
});

for (let index = 0; index < connections; index++) {
  const target = targets[index % listeners];
  if (target === undefined) break;
  const client = socket(AF.INET, SOCK.STREAM);
  // Closed with a reset at the end: no TIME_WAIT stays behind.
  setsockopt(client, OPT.SOL_SOCKET, OPT.SO_LINGER, 1, 0);
  connect(client, target.address);
  accept(target.fd);
}

process.stdout.write('ready\n');
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
