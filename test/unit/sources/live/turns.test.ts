import { expect, test } from 'vitest';
import { Turns } from '../../../../src/sources/live/turns.ts';

const MEMBERS = Array.from({ length: 100 }, (_, index) => index);

test('cheap work is done on all at once', () => {
  const turns = new Turns(0.01, 0, 4000);
  expect(turns.take(MEMBERS, 1000).size).toBe(100);
  turns.charge(1, 100);
  expect(turns.take(MEMBERS, 2000).size).toBe(100);
});

test('expensive work takes turns that keep to the share, and each has its turn', () => {
  const turns = new Turns(0.01, 0, 60_000);
  turns.take(MEMBERS, 0);
  // 2 ms each: a round takes 20 s at a hundredth of a core.
  turns.charge(200, 100);
  const seen = new Map<number, number>();
  for (let atMs = 1000; atMs <= 20_000; atMs += 1000) {
    const chosen = turns.take(MEMBERS, atMs);
    expect(chosen.size).toBe(5);
    for (const member of chosen) seen.set(member, (seen.get(member) ?? 0) + 1);
  }
  expect([...seen.values()]).toEqual(MEMBERS.map(() => 1));
});

test('a round takes no longer than stated, whatever it costs, and no less', () => {
  const slow = new Turns(0.01, 0, 4000);
  slow.take(MEMBERS, 0);
  slow.charge(100_000, 100);
  const chosen = [1000, 2000, 3000, 4000].flatMap((atMs) => [...slow.take(MEMBERS, atMs)]);
  expect(new Set(chosen).size).toBe(100);
  const fast = new Turns(0.01, 5000, 30_000);
  fast.take(MEMBERS, 0);
  expect(fast.take(MEMBERS, 1000).size).toBe(20);
});

test('members come and go', () => {
  const turns = new Turns(0.01, 2000, 4000);
  expect(turns.take([], 0).size).toBe(0);
  expect(turns.take(MEMBERS, 3000).size).toBe(100);
  expect(turns.take([1], 4000).size).toBeLessThanOrEqual(1);
  expect(turns.take([1], 6000)).toEqual(new Set([1]));
});
