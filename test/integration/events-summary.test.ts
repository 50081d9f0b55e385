/** `events --summary` on connections that a test closes. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EventsRun } from '../support/events-run.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const PAIRS = 3;

let netns: TestNetns;
let workshop: Workshop;

beforeAll(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
});
afterAll(async () => {
  await workshop?.stop();
  netns?.remove();
});

it.each([['text'], ['--ndjson']])('%s: no line for a connection; counts and outcomes by peer', async (format) => {
  const listener = await workshop.tcpListener('127.0.0.1');
  const pairs = [];
  for (let made = 0; made < PAIRS; made++) pairs.push(await workshop.tcpPair(listener));
  const filter = `role client and dport ${listener.port}`;
  const options = ['-n', '--summary', '--count', String(PAIRS), ...(format === 'text' ? [] : [format])];
  const run = await EventsRun.start(netns, ...options, filter);
  for (const { client, server } of pairs) {
    await workshop.close(client);
    await workshop.close(server);
  }
  expect(await run.exited()).toBe(0);
  const peer = `127.0.0.1:${listener.port}`;
  if (format === 'text') {
    const [sum = '', titles = '', row = '', ...more] = run.stdout.trim().split('\n');
    expect(sum).toMatch(new RegExp(`^${PAIRS} connections closed in `));
    expect(titles).toMatch(/^Peer +Count +closed /);
    expect(row).toMatch(new RegExp(`^${peer} +${PAIRS} +${PAIRS} `));
    expect(more).toEqual([]);
  } else {
    expect(run.objects).toMatchObject([
      { type: 'summary', connections: PAIRS, peers: [{ peer, role: 'client', outcomes: { closed: PAIRS } }] },
    ]);
  }
});
