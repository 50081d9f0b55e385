import { expect, test } from 'vitest';
import type { Filter } from '../../../src/filter/syntax.ts';
import type { History, HistoryConnections, HistoryEvent } from '../../../src/history/history.ts';
import { Failure } from '../../../src/model/failure.ts';
import type { WatchedNetns } from '../../../src/model/netns/netns.ts';
import type { ConnectionEvent, ConnectionEventRecord } from '../../../src/model/socket/connection-event.ts';
import { ConnectionEvents } from '../../../src/serve/events/connection-events.ts';
import type { BindingSource } from '../../../src/serve/events/event-tap.ts';
import { HistoryFeed } from '../../../src/serve/kept/history-feed.ts';
import { eventsOfColumns } from '../../../src/sources/recorded/kept-events.ts';
import type { Tick } from '../../../src/sources/sample-source.ts';

const START = Date.UTC(2026, 10, 30, 12);

function record(atMs: number, peer: string, more: Partial<ConnectionEventRecord> = {}): ConnectionEventRecord {
  return {
    ...{ atMs, at: new Date(Math.floor(atMs)), event: 'failed', target: 'web', proto: 'tcp', family: 'inet', netns: 7 },
    ...{ local: { address: '10.0.0.2', port: 40_000 }, peer: { address: peer, port: 5432, name: 'db' }, state: 2 },
    ...{ source: 'tracepoint', outcome: 'refused', errno: 'ECONNREFUSED', role: 'client', latencyUs: 120 },
    ...more,
  } as ConnectionEventRecord;
}

/** A live event: what is asked of it is made then. */
function eventOf(of: ConnectionEventRecord): ConnectionEvent {
  const { event: kind, outcome, proto, role, atMs } = of;
  return { kind, outcome, proto, role, atMs, record: () => of, row: () => of } as unknown as ConnectionEvent;
}

/** A feed that was given events, and the parts that it wrote. */
function partsOf(externalAddresses: 'keep' | 'truncate', ...events: ConnectionEventRecord[]): HistoryConnections[] {
  const parts: HistoryConnections[] = [];
  const history = {
    append: () => {},
    appendEdges: () => {},
    appendConnections: (part: HistoryConnections) => parts.push(part),
  } as unknown as History;
  const feed = new HistoryFeed(history, { lanesOf: () => undefined, externalAddresses });
  feed.tick({ atMs: START } as Tick, []);
  for (const event of events) feed.event({} as WatchedNetns, eventOf(event));
  feed.tick({ atMs: START + 5000 } as Tick, []);
  feed.tick({ atMs: START + 10_000 } as Tick, []);
  // A time without events is no part.
  feed.tick({ atMs: START + 20_000 } as Tick, []);
  return parts;
}

const source = {
  bind: async (_: unknown, filter: Filter) => {
    if (filter.text.includes('nobody')) throw new Failure('usage', 'unknown name nobody');
    return undefined;
  },
} as unknown as BindingSource;

test('events are kept every ten seconds, counted, and read back as they were', () => {
  const events = [record(START + 1000.25, '10.0.0.3'), record(START + 2000, '10.0.0.4', { cookie: 'abc' })];
  const [part, ...others] = partsOf('keep', ...events);
  expect(others).toEqual([]);
  expect(part).toMatchObject({ fromMs: START, toMs: START + 10_000, counts: { failed: 2, closed: 0 } });
  const read = eventsOfColumns(JSON.parse(JSON.stringify(part?.details)), START + 10_000);
  expect(read.map((one) => one.record())).toMatchObject(events);
});

test('external addresses are only their networks, without the name that says the same', () => {
  const [part] = partsOf('truncate', record(START + 1, '203.0.113.77'), record(START + 2, '10.0.0.3'));
  expect(JSON.stringify(part)).not.toContain('203.0.113.77');
  const ends = eventsOfColumns(part?.details, START + 10_000).map((one) => one.row().peer);
  expect(ends).toEqual([
    { address: '203.0.113.0', port: 5432 },
    { address: '10.0.0.3', port: 5432, name: 'db' },
  ]);
});

test('stored events are those of the time, the newest first, with what happened between them', async () => {
  const parts = partsOf('keep', record(START + 1000, '10.0.0.3'), record(START + 2000, '10.0.0.4'));
  const happened: HistoryEvent[] = [
    { atMs: START + 1500, kind: 'renamed', container: 'web', text: 'old renamed to web', details: undefined },
    { atMs: START + 1400, kind: 'problem', container: 'web', text: 'opened: a leak', details: { id: 'p1' } },
    { atMs: START + 1300, kind: 'incident', container: 'web', text: 'something else', details: undefined },
  ];
  const history = { connections: () => parts, events: () => happened } as unknown as History;
  const { events, counts, sampled, marks } = await new ConnectionEvents(source, history).stored(
    '',
    START + 1500,
    START + 9000,
  );
  expect(events.map(({ atMs, peer }) => [atMs, peer.address])).toEqual([[START + 2000, '10.0.0.4']]);
  expect(events[0]).not.toHaveProperty('at');
  expect([counts.failed, sampled]).toEqual([2, 1]);
  expect(marks).toEqual([
    { atMs: START + 1500, kind: 'renamed', container: 'web', text: 'old renamed to web' },
    { atMs: START + 1400, kind: 'problem', container: 'web', text: 'opened: a leak', problem: 'p1' },
  ]);
});

test('what nobody listens to is not collected; a reader gets what came since the last time', async () => {
  const events = new ConnectionEvents(source, undefined);
  const namespace = { netns: 7 } as WatchedNetns;
  events.event(namespace, eventOf(record(START, '10.0.0.3')));
  const tap = await events.open('');
  events.event(namespace, eventOf(record(START + 1000, '10.0.0.3')));
  events.mark([{ atMs: START, kind: 'started', container: 'web', text: 'web started' }]);
  expect(tap.take(START + 2000)).toMatchObject({
    counts: { failed: 1 },
    events: [{ atMs: START + 1000 }],
    marks: [{}],
  });
  expect(tap.take(START + 3000)).toMatchObject({ counts: { failed: 0 }, events: [], marks: [] });
  events.close(tap);
  events.event(namespace, eventOf(record(START + 4000, '10.0.0.3')));
  expect(tap.take(START + 5000).counts.failed).toBe(0);
});

test('a filter that cannot be used is refused; in a new namespace it is looked up at its first tick, which is said', async () => {
  const events = new ConnectionEvents(source, undefined);
  const tick = (...inodes: number[]) =>
    events.tick({ namespaces: inodes.map((netns) => ({ namespace: { netns } })) } as unknown as Tick);
  await tick(7);
  await expect(events.open('dst nobody')).rejects.toThrow('unknown name');
  await expect(events.open('nonsense')).rejects.toThrow('unknown condition');
  const tap = await events.open('dport 5432');
  events.event({ netns: 8 } as WatchedNetns, eventOf(record(START, '10.0.0.3')));
  expect(tap.take(START)).toMatchObject({ undecided: 1, counts: { failed: 0 } });
  await tick(7, 8);
  events.event({ netns: 8 } as WatchedNetns, eventOf(record(START, '10.0.0.3')));
  expect(tap.take(START)).toMatchObject({ counts: { failed: 1 } });
});
