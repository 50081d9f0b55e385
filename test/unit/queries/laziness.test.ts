/** What a question makes a snapshot read: nothing that it does not need. */
import { describe, expect, it } from 'vitest';
import { FULL_RECORDING, LIVE_SNAPSHOT } from '../../../src/filter/known-fields.ts';
import { parseFilter } from '../../../src/filter/parse.ts';
import type { GroupKey } from '../../../src/model/report/group.ts';
import { everySocket, type SocketQuery } from '../../../src/model/socket/socket-query.ts';
import { stateMask, TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import { countGroups } from '../../../src/queries/count-groups.ts';
import { listSockets } from '../../../src/queries/list-sockets.ts';
import type { NetnsSnapshot, SocketsRead } from '../../../src/sources/snapshot.ts';

/** An empty namespace with one container, and the names of what it was asked for. */
function emptyNetns(shared = false): { netns: NetnsSnapshot; asked: string[] } {
  const asked: string[] = [];
  const read = (): SocketsRead => ({
    takenAt: new Date(0),
    source: 'sock_diag',
    sources: { tcp: 'sock_diag' },
    coverage: { complete: true, notes: [] },
    sockets: { each: () => {} },
    timeWaitLeftOut: false,
  });
  const owners = { of: () => [], processesOf: () => [] };
  const one = { name: 'web', runtime: 'docker', id: 'a', netns: 1 };
  const noted = <T>(name: string, value: T): T => {
    asked.push(name);
    return value;
  };
  const netns: NetnsSnapshot = {
    target: one,
    knownFields: LIVE_SNAPSHOT,
    residents: async () => noted('residents', { containers: [{ ...one, labels: {} }], isHost: false, shared }),
    names: async () => noted('names', { host: () => undefined, service: () => undefined, user: () => undefined }),
    bind: async () => undefined,
    read: async () => noted('read', read()),
    stream: async () => noted('stream', read()),
    owners: () => noted('owners', owners),
    attribution: async () => noted('attribution', { of: () => undefined, owners, unreadable: new Set() }),
    readToCount: async () => noted('read', { ...read(), sockstat: undefined }),
    deviceName: () => undefined,
    fullestProcess: async () => undefined,
  };
  return { netns, asked };
}

async function askedBy(keys: readonly GroupKey[], names = false): Promise<string[]> {
  const { netns, asked } = emptyNetns();
  await countGroups(netns, { query: everySocket(), keys, names });
  return asked;
}

describe('counting in groups', () => {
  it('keeps no socket where the keys are in the socket itself', async () => {
    expect(await askedBy(['local', 'state'])).toEqual(['stream']);
    expect(await askedBy(['local', 'state'], true)).toEqual(['names', 'stream']);
    expect(await askedBy(['state'], true)).toEqual(['stream']);
  });

  it('reads listeners only, beside the stream, to tell clients from servers', async () => {
    const queries: SocketQuery[] = [];
    const { netns, asked } = emptyNetns();
    const read = (query: SocketQuery) => {
      queries.push(query);
      return netns.read(query);
    };
    await countGroups({ ...netns, read }, { query: everySocket(), keys: ['peer'], names: false });
    expect(asked).toEqual(['read', 'stream']);
    expect(queries).toMatchObject([{ states: stateMask(TCP_STATE.LISTEN, TCP_STATE.CLOSE) }]);
  });

  it('looks for owners and containers only where they are a key', async () => {
    expect(await askedBy(['role'])).toEqual(['read']);
    expect(await askedBy(['process'])).toEqual(['read', 'owners']);
    expect(await askedBy(['container'])).toEqual(['read', 'attribution', 'residents']);
  });
});

describe('listing', () => {
  const options = { query: everySocket(), processes: false, names: false };

  it('looks for owners only where they are wanted, or several share the namespace', async () => {
    const alone = emptyNetns();
    await listSockets(alone.netns, options);
    expect(alone.asked).toEqual(['residents', 'read']);
    const withProcesses = emptyNetns();
    await listSockets(withProcesses.netns, { ...options, processes: true });
    expect(withProcesses.asked).toEqual(['residents', 'read', 'attribution']);
    const shared = emptyNetns(true);
    await listSockets(shared.netns, options);
    expect(shared.asked).toEqual(['residents', 'read', 'attribution']);
  });

  it('refuses what the source cannot know before it reads', async () => {
    const { netns, asked } = emptyNetns();
    const filter = parseFilter('fwmark = 1');
    const recorded = { ...netns, knownFields: FULL_RECORDING, bind: async () => ({ tree: filter.tree }) as never };
    await expect(listSockets(recorded, { ...options, filter })).rejects.toMatchObject({ kind: 'usage' });
    expect(asked).not.toContain('read');
  });
});
