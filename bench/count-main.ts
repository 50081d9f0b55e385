/**
 * Counts the TCP sockets of a namespace by state and peer, as `ls -t --by state,peer` does, and prints
 * the time that it took inside this process.
 *
 * Arguments: a namespace file, a mask of states. Each line on stdin is answered with one count and a
 * line on stdout: microseconds, sockets, groups, microseconds to write the groups' keys as text.
 */
import readline from 'node:readline';
import { streamSockets } from '../src/collect/dump/dump-sockets.ts';
import { localMachine } from '../src/collect/local-machine.ts';
import { handleOfNamed } from '../src/collect/target/find-netns.ts';
import { GroupCounter } from '../src/count/group-counter.ts';
import type { SocketQuery } from '../src/model/socket/socket-query.ts';

const [file = '', states = '0'] = process.argv.slice(2);
const machine = localMachine({});
const handle = handleOfNamed(machine, file);
const query: SocketQuery = { protos: ['tcp'], inet: true, inet6: true, states: Number(states), tcpInfo: false };

for await (const _ of readline.createInterface({ input: process.stdin })) {
  const begin = performance.now();
  const counter = new GroupCounter(['state', 'peer'], {});
  streamSockets(machine, handle, query, (socket) => counter.add(socket));
  const counted = performance.now();
  const groups = counter.groups();
  const written = performance.now();
  const sockets = groups.reduce((sum, group) => sum + group.count, 0);
  const micros = (ms: number) => (ms * 1000).toFixed(1);
  process.stdout.write(`${micros(counted - begin)} ${sockets} ${groups.length} ${micros(written - counted)}\n`);
}
