/** MPTCP connections that nobody accepts are counted once, against `ss -M` and `ss -t`. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { mptcpUnaccepted } from '../support/recipes/other-protocols.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { commandJson } from '../support/recording-run.ts';

const CONNECTIONS = 4;

let netns: TestNetns;
let workshop: Workshop;

beforeEach(async () => {
  netns = createNetns();
  workshop = await Workshop.start(netns);
});
afterEach(async () => {
  await workshop?.stop();
  netns?.remove();
});

const ssCount = (table: string) => netns.run('ss', '-Han', table).trim().split('\n').length;

describe.skipIf(!fs.existsSync('/proc/sys/net/mptcp/enabled'))('MPTCP (needs a kernel that has it)', () => {
  it.each(['127.0.0.1', '::1'])('on %s: connections without an inode are counted once', async (host) => {
    await mptcpUnaccepted({ netns, workshop }, host, CONNECTIONS);
    // The listener, and both ends of each connection: in both tables.
    expect([ssCount('-M'), ssCount('-t')]).toEqual([1 + 2 * CONNECTIONS, 1 + 2 * CONNECTIONS]);
    const target = `netns:${netns.name}`;
    const groups = commandJson<{ total: { sockets: number } }>('ls', target, '--by', 'proto,state');
    expect(groups.total.sockets).toBe(1 + 2 * CONNECTIONS);
    const [row] = commandJson<{ containers: { name: string; sockets: unknown }[] }>('ps', '--all').containers.filter(
      ({ name }) => name === netns.name || name === target,
    );
    expect(row?.sockets).toMatchObject({ tcp: 1 + 2 * CONNECTIONS, byState: { LISTEN: 1, ESTABLISHED: 8 } });
  });
});
