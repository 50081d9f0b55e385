/**
 * Holds TCP connections in every namespace that is named, both ends, from one process, and opens and
 * closes more in the first few of them, until its stdin ends.
 *
 * Arguments: connections in each namespace, how many namespaces change, connections a second in each of
 * those, names.
 */
import fs from 'node:fs';
import { koffiSystemCalls } from '../src/kernel/koffi-system-calls.ts';
import { insideNetns } from '../src/kernel/namespace.ts';
import { AF, SOCK } from '../test/support/recipes/constants.ts';
import { accept, bind, close, connect, getsockname, listen, socket } from '../test/support/recipes/libc.ts';
import { encodeAddress, portOf } from '../test/support/recipes/sockaddr.ts';

const [connections = 0, changing = 0, rate = 0] = process.argv.slice(2, 5).map(Number);
const names = process.argv.slice(5);
const host = '127.0.0.1';

/** A listener, and what made it, for more connections to it. */
const grounds = names.map((name) => {
  const netns = fs.openSync(`/run/netns/${name}`, 'r');
  const ground = insideNetns(koffiSystemCalls(), netns, () => {
    const listener = socket(AF.INET, SOCK.STREAM);
    bind(listener, encodeAddress({ host, port: 0 }));
    listen(listener, 4096);
    const address = encodeAddress({ host, port: portOf(getsockname(listener)) });
    return { netns, listener, address };
  });
  for (let index = 0; index < connections; index++) pair(ground);
  return ground;
});

/** Both ends of a new connection. */
function pair({ netns, listener, address }: { netns: number; listener: number; address: Uint8Array }): number[] {
  return insideNetns(koffiSystemCalls(), netns, () => {
    const client = socket(AF.INET, SOCK.STREAM, 0, true);
    connect(client, address);
    return [client, accept(listener)];
  });
}

process.stdout.write('ready\n');
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));

// Each lives for a second.
const changers = grounds.slice(0, changing);
if (changers.length > 0 && rate > 0) {
  setInterval(() => {
    for (const ground of changers) {
      const ends = pair(ground);
      setTimeout(() => ends.forEach((fd) => close(fd)), 1000);
    }
  }, 1000 / rate);
}
