/**
 * Reads the TCP sockets of a namespace that match a filter, as `ls -t FILTER` does, and prints the
 * time that it took inside this process.
 *
 * Arguments: a namespace file, a filter (empty for none). Each line on stdin is answered with one dump
 * and a line on stdout: microseconds, sockets that match.
 */
import readline from 'node:readline';
import { streamSockets } from '../src/collect/dump/dump-sockets.ts';
import { localMachine } from '../src/collect/local-machine.ts';
import { bindInNetns } from '../src/collect/names/bind-filter.ts';
import { handleOfNamed } from '../src/collect/target/find-netns.ts';
import { narrowed } from '../src/filter/bound-filter.ts';
import { parseFilter } from '../src/filter/parse.ts';
import type { SocketQuery } from '../src/model/socket/socket-query.ts';
import { ALL_STATES } from '../src/model/socket/tcp-state.ts';
import { testAlone } from '../src/queries/socket-test.ts';

const [file = '', text = ''] = process.argv.slice(2);
const machine = localMachine({});
const place = handleOfNamed(machine, file);
const query: SocketQuery = { protos: ['tcp'], inet: true, inet6: true, states: ALL_STATES, tcpInfo: false };

for await (const _ of readline.createInterface({ input: process.stdin })) {
  const begin = performance.now();
  const bound = await bindInNetns(machine, place, parseFilter(text), []);
  const test = bound === undefined ? () => true : testAlone(bound);
  let found = 0;
  streamSockets(machine, place, bound === undefined ? query : narrowed(query, bound), (socket) => {
    if (test(socket)) found++;
  });
  process.stdout.write(`${((performance.now() - begin) * 1000).toFixed(1)} ${found}\n`);
}
