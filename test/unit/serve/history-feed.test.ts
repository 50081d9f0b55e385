import { expect, test } from 'vitest';
import type { History, HistoryEvent, HistoryTick } from '../../../src/history/history.ts';
import { ContainerChanges } from '../../../src/serve/collector/container-changes.ts';
import { laneHighs } from '../../../src/serve/collector/lane-highs.ts';
import type { LaneCount } from '../../../src/serve/collector/lanes.ts';
import { LanePeaks } from '../../../src/serve/collector/lanes.ts';
import type { RowLanes, SampledRow } from '../../../src/serve/collector/row-builder.ts';
import { HistoryFeed } from '../../../src/serve/kept/history-feed.ts';

function lane(address: string | undefined, count: number, more: Partial<LaneCount> = {}): LaneCount {
  const own = address === undefined ? {} : { address };
  const direction = address === undefined ? 'in' : 'out';
  const id = `${direction} tcp ${address ?? '*'}:443`;
  return {
    id,
    proto: 'tcp',
    direction,
    ...own,
    port: 443,
    count,
    idle: undefined,
    byState: {},
    clients: new Map(),
    ...more,
  };
}

/** A feed, and what it has written. */
function feedOf(lanes: readonly LaneCount[], externalAddresses: 'keep' | 'truncate', highs?: RowLanes['highs']) {
  const ticks: HistoryTick[] = [];
  const events: HistoryEvent[] = [];
  const history = {
    append: (tick: HistoryTick) => ticks.push(tick),
    appendEvents: (more: HistoryEvent[]) => events.push(...more),
  } as unknown as History;
  const feed = new HistoryFeed(history, {
    lanesOf: () => ({
      lanes,
      peaks: new Map(),
      ...(highs && { highs }),
      netns: 1,
      owner: undefined,
      addresses: new Set(),
      ends: undefined,
      timeWait: undefined,
    }),
    externalAddresses,
  });
  const tick = (atMs: number, ...rows: string[]) =>
    feed.tick(
      { atMs },
      rows.map((name) => ({ id: name, name, runtime: 'docker', status: 'running' }) as SampledRow),
    );
  return { tick, ticks, events, feed };
}

test('external addresses are only their networks in the history, where that is wanted', () => {
  const lanes = [lane('203.0.113.7', 2), lane('203.0.113.9', 3), lane('10.0.0.3', 4)];
  const kept = feedOf(lanes, 'keep');
  kept.tick(1000, 'web');
  expect([...(kept.ticks[0]?.containers[0]?.values ?? [])]).toEqual([
    ['peer.out 203.0.113.7:443', 2],
    ['peer.out 203.0.113.9:443', 3],
    ['peer.out 10.0.0.3:443', 4],
  ]);
  const cut = feedOf(lanes, 'truncate');
  cut.tick(1000, 'web');
  expect([...(cut.ticks[0]?.containers[0]?.values ?? [])]).toEqual([
    ['peer.out 203.0.113.0/24:443', 5],
    ['peer.out 10.0.0.3:443', 4],
  ]);
});

test('what starts and stops is an event, what is there at the beginning is none; a restart that the history notes is not noted twice', () => {
  const { feed, events } = feedOf([], 'keep');
  const changes = new ContainerChanges();
  const tick = (atMs: number, ...rows: { id: string; name: string }[]) => feed.changed(changes.take(rows, atMs));
  const row = (name: string, id = name) => ({ name, id });
  tick(1000, row('a'));
  tick(2000, row('a'), row('b'));
  tick(3000, row('b'));
  tick(4000, row('a'), row('b'));
  tick(5000, row('a'), row('b', 'remade'));
  expect(events.map(({ kind, container }) => `${container} ${kind}`)).toEqual([
    'b started',
    'a stopped',
    'a restarted',
  ]);
});

test('the peak of a lane is the highest count of a minute', () => {
  const peaks = new LanePeaks();
  const at = (second: number, count: number) =>
    peaks.take([lane('10.0.0.3', count)], second * 1000).get('out tcp 10.0.0.3:443');
  expect([at(0, 5), at(10, 9), at(20, 3), at(60, 4), at(69, 2), at(71, 2), at(125, 1), at(140, 1)]).toEqual([
    5, 9, 9, 9, 9, 4, 2, 1,
  ]);
});

test('how high a pool was between two ticks goes into the history with the number now', () => {
  const lanes = [lane('10.0.0.3', 40), lane('10.0.0.4', 2), lane('203.0.113.7', 1), lane('203.0.113.9', 1)];
  const highs = laneHighs(
    lanes,
    [
      { peer: '10.0.0.3:443', process: '7/app', count: 180 },
      { peer: '10.0.0.3:443', process: '8/app', count: 60 },
      { peer: '10.0.0.4:443', process: '9/other', count: 50 },
      { peer: '203.0.113.7:443', process: '7/app', count: 5 },
      { peer: '10.0.0.9:443', process: '7/app', count: 50 },
      // Of clients of a listener.
      { peer: '::1', process: '7/app', count: 50 },
      { peer: '10.0.0.8', process: '7/app', count: 50 },
    ],
    (pid) => pid !== 9,
  );
  expect(highs.map(({ id, high }) => [id, high])).toEqual([
    ['out tcp 10.0.0.3:443', 180],
    ['out tcp 10.0.0.9:443', 50],
    ['out tcp 203.0.113.7:443', 5],
  ]);
  const whole = feedOf(lanes, 'keep', highs);
  whole.tick(1000, 'web');
  const [kept] = whole.ticks[0]?.containers ?? [];
  expect([...(kept?.highs ?? [])]).toEqual([
    ['peer.out 10.0.0.3:443', 180],
    ['peer.out 10.0.0.9:443', 50],
    ['peer.out 203.0.113.7:443', 5],
  ]);
  // One that opened and closed all of its connections between two ticks has none now.
  expect(kept?.values.get('peer.out 10.0.0.9:443')).toBe(0);
  // Together the two were at least so many: five of one while the other has one.
  const cut = feedOf(lanes, 'truncate', highs);
  cut.tick(1000, 'web');
  expect(cut.ticks[0]?.containers[0]?.highs?.get('peer.out 203.0.113.0/24:443')).toBe(6);
  const calm = feedOf(lanes, 'keep');
  calm.tick(1000, 'web');
  expect(calm.ticks[0]?.containers[0]?.highs).toBeUndefined();
});

test('the peak of a minute is what was told between two ticks, until it is a minute old', () => {
  const peaks = new LanePeaks();
  const at = (seconds: number, count: number) => peaks.take([{ id: 'db', count }], seconds * 1000).get('db');
  expect(at(0, 10)).toBe(10);
  expect(at(1, 12)).toBe(12);
  peaks.note('db', 1000, 180);
  peaks.note('none', 1000, 500);
  expect(at(2, 12)).toBe(180);
  peaks.note('db', 2000, 60);
  expect(at(60, 11)).toBe(180);
  expect(at(61, 11)).toBe(60);
  expect(at(62, 11)).toBe(11);
});

test('the peers with most sockets in TIME_WAIT, and connections that were refused at login, are series where they are known', () => {
  const ticks: HistoryTick[] = [];
  const history = { append: (tick: HistoryTick) => ticks.push(tick) } as unknown as History;
  const lanes = [lane('10.0.0.3', 4), lane('10.0.0.4', 3)];
  const timeWait = [9, 8, 7, 6, 5].map((count, index) => ({
    ...{ address: index === 0 ? '203.0.113.7' : `10.0.0.${index}`, port: 443, direction: 'out' as const, count },
  }));
  const feed = new HistoryFeed(history, {
    lanesOf: () => ({
      ...{ lanes, peaks: new Map(), netns: 1, owner: undefined },
      ...{ addresses: new Set(), ends: undefined, timeWait },
    }),
    refusedOf: (row, { address }) => (row === 'web' && address === '10.0.0.3' ? 2.5 : 0),
    externalAddresses: 'truncate',
  });
  feed.tick({ atMs: 1000 }, [{ id: 'web', name: 'web', runtime: 'docker', status: 'running' } as SampledRow]);
  expect([...(ticks[0]?.containers[0]?.values ?? [])]).toEqual([
    ['peer.out 10.0.0.3:443', 4],
    ['refused.peer.out 10.0.0.3:443', 2.5],
    ['peer.out 10.0.0.4:443', 3],
    ['timeWait.out 203.0.113.0/24:443', 9],
    ['timeWait.out 10.0.0.1:443', 8],
    ['timeWait.out 10.0.0.2:443', 7],
    ['timeWait.out 10.0.0.3:443', 6],
  ]);
});
