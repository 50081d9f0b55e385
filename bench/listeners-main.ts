/** Listens on TCP port 80 in each namespace named by an argument, from one process, until stdin ends. */
import fs from 'node:fs';
import net from 'node:net';
import { koffiSystemCalls } from '../src/kernel/koffi-system-calls.ts';
import { insideNetns } from '../src/kernel/namespace.ts';

for (const name of process.argv.slice(2)) {
  const fd = fs.openSync(`/run/netns/${name}`, 'r');
  // Without an address listen() creates the socket synchronously, inside the namespace.
  insideNetns(koffiSystemCalls(), fd, () => net.createServer().listen(80));
  fs.closeSync(fd);
}
process.stdout.write('ready\n');
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
