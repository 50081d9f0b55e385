import path from 'node:path';
import { dumpSockets } from '../src/collect/dump/dump-sockets.ts';
import { localMachine } from '../src/collect/local-machine.ts';
import { bindInNetns } from '../src/collect/names/bind-filter.ts';
import { handleOfNamed } from '../src/collect/target/find-netns.ts';
import { narrowed } from '../src/filter/bound-filter.ts';
import { parseFilter } from '../src/filter/parse.ts';
import { everySocket } from '../src/model/socket/socket-query.ts';
import { TCP_STATE } from '../src/model/socket/tcp-state.ts';
import { nodeProgram, type TestNetns } from '../test/support/netns.ts';
import { alternate } from './alternate.ts';
import { SOCKLENS, timed } from './command.ts';
import type { Result } from './comparison.ts';
import { withReceiver } from './receiver.ts';
import { Responder } from './responder.ts';

const ROUNDS = 15;
const machine = localMachine({});

/** Reading the clients of one port against reading all sockets, inside the process. */
export async function filteredAgainstAll(netns: TestNetns): Promise<Result> {
  const filter = `dport = :${busyPort(netns)} and state established`;
  const [ours, theirs] = [reader(netns, filter), reader(netns, '')];
  try {
    const pair = await alternate(
      () => ours.ask(),
      () => theirs.ask(),
      ROUNDS,
      2,
    );
    return {
      title: `Inside the process: ${filter}`,
      ours: `${ours.counted[0]} match`,
      theirs: `all ${theirs.counted[0]}`,
      pair,
      bar: 0.35,
    };
  } finally {
    ours.stop();
    theirs.stop();
  }
}

/** Reading the clients of one port against a C loop that sends the same request and only receives. */
export async function filteredAgainstReceiving(netns: TestNetns): Promise<Result> {
  return againstReceiving(netns, `dport = :${busyPort(netns)} and state established`);
}

/** A filter that needs a bytecode program against a C loop that sends the same program. */
export async function programAgainstReceiving(netns: TestNetns): Promise<Result> {
  const port = busyPort(netns);
  return againstReceiving(netns, `state established ( dport = :${port} or dport = :1 )`);
}

async function againstReceiving(netns: TestNetns, filter: string): Promise<Result> {
  const title = `Inside the process, against receiving: ${filter}`;
  const handle = handleOfNamed(machine, netns.path);
  const bound = await bindInNetns(machine, handle, parseFilter(filter), []);
  if (bound === undefined) throw new Error('no filter');
  const { states, filter: kernel } = narrowed(everySocket(), bound);
  const program = Buffer.from(kernel?.programs[0] ?? []).toString('hex');
  return withReceiver(title, async (receiver) => {
    const ours = reader(netns, filter);
    const theirs = new Responder(receiver, [netns.path, String(states), String(kernel?.peerPort ?? 0), program]);
    try {
      const pair = await alternate(
        () => ours.ask(),
        () => theirs.ask(),
        ROUNDS,
        2,
      );
      return {
        title,
        pair,
        bar: 1.3,
        ours: `${ours.counted[0]} match`,
        theirs: `receive ${theirs.counted[0]} only, C`,
      };
    } finally {
      ours.stop();
      theirs.stop();
    }
  });
}

/** The whole command with a filter against the same without. */
export async function filteredCommand(netns: TestNetns): Promise<Result> {
  const target = `netns:${netns.name}`;
  const filter = `dport = :${busyPort(netns)} and state established`;
  const pair = await alternate(
    () => timed(SOCKLENS, ['ls', target, '-tn', filter]),
    () => timed(SOCKLENS, ['ls', target, '-tn']),
    7,
  );
  return { title: 'Whole command: ls -tn with that filter', ours: 'with it', theirs: 'without', pair, bar: 1 };
}

function reader(netns: TestNetns, filter: string): Responder {
  return new Responder(nodeProgram(), [path.join(import.meta.dirname, 'filter-main.ts'), netns.path, filter]);
}

/** The port of the listener with the most connections. */
function busyPort(netns: TestNetns): number {
  const counts = new Map<number, number>();
  const query = { ...everySocket(), protos: ['tcp'] as const, states: 1 << TCP_STATE.ESTABLISHED };
  dumpSockets(machine, handleOfNamed(machine, netns.path), query).sockets.each(({ peerPort }) => {
    counts.set(peerPort, (counts.get(peerPort) ?? 0) + 1);
  });
  const [busiest] = [...counts].sort((a, b) => b[1] - a[1]);
  if (busiest === undefined) throw new Error('no connections');
  return busiest[0];
}
