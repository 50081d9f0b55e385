/** A recording made with the eBPF pass over the host's descriptors has what one made without it has, and `ss`. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import type { Machine } from '../../src/collect/machine.ts';
import { heldPass } from '../../src/collect/owners/owner-pass.ts';
import { record } from '../../src/commands/record/record.ts';
import { DiagSocket } from '../../src/kernel/diag-socket.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import type { RecipeContext } from '../support/recipes/recipe-context.ts';
import { finWait1Orphan, finWait2Held, timeWait } from '../support/recipes/tcp-closing.ts';
import { acceptQueue, established, listeners, synReceived, synSent } from '../support/recipes/tcp-opening.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { commandJson, temporaryFolder } from '../support/recording-run.ts';

const machine = localMachine({ DOCKER_HOST: 'unix:///nonexistent' });
const pass = heldPass(machine);
const isPermitted = typeof pass !== 'string' && pass.form === 'typed';

/** What processes hold, in most of the namespaces; what no descriptor refers to, in the others. */
const RECIPES: readonly ((context: RecipeContext) => Promise<unknown>)[] = [
  ...[listeners, established, finWait2Held, synSent, established, unread],
  ...[acceptQueue, synReceived],
];
/** What the kernel removes after a minute or two. */
const SHORT_LIVED = [finWait1Orphan, timeWait];

interface Recorded {
  sockets: Record<string, unknown>[];
  coverage: unknown;
}

let folder: string;
const made: { netns: TestNetns; workshop: Workshop }[] = [];

async function namespace(recipe: (context: RecipeContext) => Promise<unknown>): Promise<void> {
  const netns = createNetns();
  const workshop = await Workshop.start(netns);
  made.push({ netns, workshop });
  await recipe({ netns, workshop });
}

beforeAll(async () => {
  folder = temporaryFolder();
  for (const recipe of RECIPES) await namespace(recipe);
});
afterAll(async () => {
  for (const { netns, workshop } of made) {
    await workshop.stop();
    netns.remove();
  }
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A connection with bytes that its reader has not read. */
async function unread({ workshop }: RecipeContext): Promise<void> {
  const pair = await workshop.tcpPair(await workshop.tcpListener('127.0.0.1'));
  await workshop.send(pair.client, 500);
}

/** Records some ticks of all namespaces. @returns the file, and how often sockets were asked for one by one */
async function recorded(of: Machine, name: string, isFull: boolean): Promise<{ file: string; asked: number }> {
  const file = path.join(folder, name);
  const asks = vi.spyOn(DiagSocket.prototype, 'ask');
  const nowhere = { columns: undefined, write: () => {} };
  try {
    await record(
      { machine: of, out: nowhere, err: nowhere },
      {
        target: made.map(({ netns }) => `netns:${netns.name}`).join(','),
        output: file,
        redact: false,
        isFull,
        numeric: true,
        events: true,
        intervalMs: 200,
        forMs: 1000,
      },
    );
    return { file, asked: asks.mock.calls.length };
  } finally {
    asks.mockRestore();
  }
}

/** The sockets of a namespace in a recording, in an order of their own, without what clocks change. */
function socketsIn(file: string, { name }: TestNetns): Record<string, unknown>[] {
  const { sockets } = commandJson<Recorded>('ls', `netns:${name}`, '-t', '-n', '--from', file);
  const text = ({ local, peer, state, inode }: Record<string, unknown>) => JSON.stringify([local, peer, state, inode]);
  return sockets
    .map(({ timer, tcpInfo, firstSeen, ageMs, ...socket }) => socket)
    .filter(({ state }) => state !== 'SYN_SENT' && state !== 'SYN_RECV')
    .sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

const SS_STATES: Readonly<Record<string, string>> = {
  ESTAB: 'ESTABLISHED',
  LISTEN: 'LISTEN',
  'FIN-WAIT-1': 'FIN_WAIT1',
  'FIN-WAIT-2': 'FIN_WAIT2',
  'CLOSE-WAIT': 'CLOSE_WAIT',
  'TIME-WAIT': 'TIME_WAIT',
};

describe.skipIf(!isPermitted)('recorded with the pass and without', () => {
  test.each([
    { how: 'summary', isFull: false },
    { how: 'full', isFull: true },
  ])('$how: the same sockets with the same numbers, and those of ss', async ({ how, isFull }) => {
    for (const recipe of SHORT_LIVED) await namespace(recipe);
    const [ours, theirs] = [
      await recorded(machine, `${how}-pass.slr`, isFull),
      await recorded({ ...machine, withoutPrograms: true }, `${how}-dump.slr`, isFull),
    ];
    // Six namespaces have only what processes hold.
    expect(ours.asked).toBeGreaterThanOrEqual(6);
    expect(theirs.asked).toBe(0);
    // The short-lived ones of the test before have ended, or are about to.
    for (const { netns } of [...made.slice(0, RECIPES.length), ...made.slice(-SHORT_LIVED.length)]) {
      const sockets = socketsIn(ours.file, netns);
      expect([netns.name, sockets]).toEqual([netns.name, socketsIn(theirs.file, netns)]);
      const bySs = netns
        .run('ss', '-tanH')
        .split('\n')
        .flatMap((line) => {
          const [state = '', receive, send] = line.trim().split(/\s+/);
          return state in SS_STATES ? [`${SS_STATES[state]} ${receive} ${send}`] : [];
        });
      // A summary has TIME_WAIT as the kernel's count alone.
      const expected = isFull ? bySs : bySs.filter((line) => !line.startsWith('TIME_WAIT'));
      const found = sockets.map(({ state, receiveQueue, sendQueue }) => `${state} ${receiveQueue} ${sendQueue}`);
      expect([netns.name, found.sort()]).toEqual([netns.name, expected.sort()]);
    }
  });
});
