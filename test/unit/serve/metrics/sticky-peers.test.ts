import { expect, test } from 'vitest';
import { LabelSet } from '../../../../src/serve/metrics/label-set.ts';
import { type PeerConnections, StickyPeers } from '../../../../src/serve/metrics/sticky-peers.ts';

const MINUTE = 60_000;

function peers(counts: Record<string, number>): Map<string, PeerConnections> {
  return new Map(
    Object.entries(counts).map(([peer, count]) => [peer, { direction: 'outbound', peer, port: 80, count }]),
  );
}

/** Counts by peer. */
function shown(sticky: StickyPeers, which: 'count' | 'peak' = 'count'): Record<string, number> {
  const all: Record<string, number> = {};
  sticky.each(({ pairs }, count, peak) => {
    all[pairs.find(([name]) => name === 'peer')?.[1] ?? ''] = which === 'count' ? count : peak;
  });
  return all;
}

const SIX = { a: 60, b: 50, c: 40, d: 30, e: 20, f: 10 };

test('the five largest have places, the others are one', () => {
  const sticky = new StickyPeers(new LabelSet([]));
  sticky.take(peers(SIX), 0);
  expect(shown(sticky)).toEqual({ a: 60, b: 50, c: 40, d: 30, e: 20, other: 10 });
});

test('ranks that change at every tick change no places', () => {
  const sticky = new StickyPeers(new LabelSet([]));
  sticky.take(peers(SIX), 0);
  for (let second = 1; second < 300; second++) {
    sticky.take(peers({ ...SIX, [second % 2 === 0 ? 'e' : 'f']: 25 }), second * 1000);
    expect(Object.keys(shown(sticky)).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'other']);
  }
});

test('a peer that is suddenly much larger gets a place at once', () => {
  const sticky = new StickyPeers(new LabelSet([]));
  sticky.take(peers(SIX), 0);
  sticky.take(peers({ ...SIX, f: 60 }), 1000);
  expect(shown(sticky)).toEqual({ a: 60, b: 50, c: 40, d: 30, f: 60, other: 20 });
});

test('a peer that is gone keeps its place, at 0, for ten minutes', () => {
  const sticky = new StickyPeers(new LabelSet([]));
  sticky.take(peers({ a: 5 }), 0);
  sticky.take(peers({}), MINUTE);
  expect(shown(sticky)).toEqual({ a: 0 });
  sticky.take(peers({}), 9 * MINUTE);
  expect(shown(sticky)).toEqual({ a: 0 });
  sticky.take(peers({}), 12 * MINUTE);
  expect(shown(sticky)).toEqual({});
});

test('one that was not needed for ten minutes makes room', () => {
  const sticky = new StickyPeers(new LabelSet([]));
  sticky.take(peers(SIX), 0);
  const changed = { ...SIX, e: 10, f: 20 };
  for (let minute = 1; minute <= 10; minute++) sticky.take(peers(changed), minute * MINUTE);
  expect(shown(sticky)).toMatchObject({ e: 10, other: 20 });
  sticky.take(peers(changed), 12 * MINUTE);
  expect(shown(sticky)).toMatchObject({ f: 20, other: 10 });
});

test('peaks are those of the last minute', () => {
  const sticky = new StickyPeers(new LabelSet([]));
  sticky.take(peers({ a: 50 }), 0);
  sticky.take(peers({ a: 2 }), 30_000);
  expect([shown(sticky), shown(sticky, 'peak')]).toEqual([{ a: 2 }, { a: 50 }]);
  sticky.take(peers({ a: 2 }), 61_000);
  expect(shown(sticky, 'peak')).toEqual({ a: 2 });
});

test('5,000 peers: five places', () => {
  const sticky = new StickyPeers(new LabelSet([]));
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`p${index}`, 1 + (index % 7)]));
  sticky.take(peers(many), 0);
  expect(Object.keys(shown(sticky))).toHaveLength(6);
  expect(Object.values(shown(sticky)).reduce((sum, one) => sum + one, 0)).toBe(
    Object.values(many).reduce((sum, one) => sum + one, 0),
  );
});
