/** Listens on a TCP port in every namespace that is named, from one process, until its stdin ends. */
import fs from 'node:fs';
import net from 'node:net';
import { koffiSystemCalls } from '../src/kernel/koffi-system-calls.ts';
import { insideNetns } from '../src/kernel/namespace.ts';

for (const name of process.argv.slice(2)) {
  const fd = fs.openSync(`/run/netns/${name}`, 'r');
  // Without an address the socket is made at once, inside the namespace.
  insideNetns(koffiSystemCalls(), fd, () => net.createServer().listen(80));
  fs.closeSync(fd);
}
process.stdout.write('ready\n');
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
