import path from 'node:path';
import { ALL_STATES } from '../src/model/socket/tcp-state.ts';
import { nodeProgram, type TestNetns } from '../test/support/netns.ts';
import { alternate } from './alternate.ts';
import type { Result } from './comparison.ts';
import { withReceiver } from './receiver.ts';
import { Responder } from './responder.ts';

const TITLE = 'TCP sockets counted by state and peer, inside the process';
const ROUNDS = 15;

/** Counting over the received bytes against a C loop that receives the same dump and does nothing. */
export async function countingAgainstReceiving(netns: TestNetns): Promise<Result> {
  return withReceiver(TITLE, (program) => compare(netns, program));
}

async function compare(netns: TestNetns, program: string): Promise<Result> {
  const states = `0x${ALL_STATES.toString(16)}`;
  const script = path.join(import.meta.dirname, 'count-main.ts');
  const ours = new Responder(nodeProgram(), [script, netns.path, states]);
  const theirs = new Responder(program, [netns.path, states]);
  try {
    const written: number[] = [];
    const count = async () => {
      const took = await ours.ask();
      written.push(ours.counted[2] ?? 0);
      return took;
    };
    const pair = await alternate(count, () => theirs.ask(), ROUNDS, 2);
    const [sockets = 0, groups = 0] = ours.counted;
    const texts = written.sort((a, b) => a - b)[written.length >> 1] ?? 0;
    return {
      title: `${TITLE} (${sockets} sockets; the C loop received ${theirs.counted[0]})`,
      ours: 'count',
      theirs: 'receive only, C',
      pair,
      bar: 1.2,
      remarks: [
        `the first round of a process, nothing compiled yet: ${ours.first?.toFixed(1)} ms`,
        `not counted above: ${groups} groups as sorted text, ${(texts / 1000).toFixed(1)} ms`,
      ],
    };
  } finally {
    ours.stop();
    theirs.stop();
  }
}
