/**
 * Counts the TCP sockets of a namespace by state and peer, as `ls -t --by state,peer` does, and says
 * how long it took inside this process.
 *
 * Arguments: a namespace file, a mask of states. Each line on stdin is answered with one count and a
 * line on stdout: microseconds, sockets.
 */
import readline from 'node:readline';
import { GroupCounter } from '../src/analyze/group-by.ts';
import { localMachine } from '../src/collect/local-machine.ts';
import { stream } from '../src/collect/look.ts';
import { placeOfNamed } from '../src/collect/places.ts';

const [file = '', states = '0'] = process.argv.slice(2);
const machine = localMachine({});
const place = placeOfNamed(machine, file);

for await (const _ of readline.createInterface({ input: process.stdin })) {
  const begin = performance.now();
  const counter = new GroupCounter(['state', 'peer'], {});
  stream(
    machine,
    place,
    { protos: ['tcp'], inet: true, inet6: true, states: Number(states), tcpInfo: false },
    (socket) => counter.count(socket),
  );
  const groups = counter.groups();
  const took = performance.now() - begin;
  const sockets = groups.reduce((sum, group) => sum + group.count, 0);
  process.stdout.write(`${(took * 1000).toFixed(1)} ${sockets}\n`);
}
