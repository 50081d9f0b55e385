import { afterAll, beforeAll } from 'vitest';
import { diagnose, prove } from '../support/doctor.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { V4 } from '../support/recipes/ground.ts';
import { Workshop } from '../support/recipes/workshop.ts';

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

prove({
  rule: 'CLOSE_WAIT_LEAK',
  how: 'namespace: the peer closes, the process never does',
  lookAlike: 'connections that both sides close in order',
  async fault() {
    const listener = await workshop.tcpListener(V4);
    for (let index = 0; index < 12; index++) {
      const pair = await workshop.tcpPair(listener);
      await workshop.close(pair.server);
    }
    const { findings } = await diagnose(`netns:${netns.name}`, {
      rules: ['CLOSE_WAIT_LEAK'],
      set: ['CLOSE_WAIT_LEAK.minAgeMs=1s'],
    });
    return findings;
  },
  async healthy() {
    const listener = await workshop.tcpListener(V4);
    const quiet = createNetns();
    const other = await Workshop.start(quiet);
    try {
      const own = await other.tcpListener(V4);
      for (let index = 0; index < 12; index++) {
        const pair = await other.tcpPair(own);
        await other.close(pair.server);
        await other.close(pair.client);
      }
      await workshop.close(listener.fd);
      const { findings } = await diagnose(`netns:${quiet.name}`, {
        rules: ['CLOSE_WAIT_LEAK'],
        set: ['CLOSE_WAIT_LEAK.minAgeMs=1s'],
      });
      return findings;
    } finally {
      await other.stop();
      quiet.remove();
    }
  },
});
