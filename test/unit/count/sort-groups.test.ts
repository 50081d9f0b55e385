import { describe, expect, it } from 'vitest';
import { sortGroups } from '../../../src/count/sort-groups.ts';
import { bucketOf, RTT_BUCKETS, TIME_BUCKETS } from '../../../src/model/report/buckets.ts';
import type { Group, GroupKey } from '../../../src/model/report/group.ts';

const groups = (key: GroupKey, ...values: (string | number | null)[]): Group[] =>
  values.map((value, index) => ({ key: { [key]: value }, count: index + 1 }));
const values = (key: GroupKey, sorted: Group[]) => sorted.map((group) => group.key[key]);

describe('the order of groups', () => {
  it('by count: the largest first', () => {
    expect(sortGroups(groups('state', 'LISTEN', 'CLOSE'), 'count').map(({ count }) => count)).toEqual([2, 1]);
  });

  it.each<[GroupKey, (string | number | null)[]]>([
    ['state', ['ESTABLISHED', 'LISTEN', 'TIME_WAIT', 'CLOSE_WAIT', 'CLOSE', null]],
    ['local-port', [80, 443, 3306, 10_000, null]],
    ['process', ['9/b', '10/a', '10/b', '1000/a', null]],
    ['peer', ['10.0.0.1:80', '9.0.0.1:80', '[::1]:80']],
    ['rtt', ['<100us', '100us-1ms', '1-10ms', '10-100ms', '100ms-1s', '>=1s', null]],
    ['idle', ['<1s', '1-10s', '10-60s', '1-10m', '10-60m', '1-24h', '>=1d', null]],
  ])('by %s', (key, order) => {
    const shuffled = groups(key, ...[...order].reverse());
    expect(values(key, sortGroups(shuffled, key))).toEqual(order);
  });
});

describe('buckets', () => {
  it('a bound belongs to the range above it', () => {
    for (const buckets of [RTT_BUCKETS, TIME_BUCKETS]) {
      expect(buckets.labels).toHaveLength(buckets.bounds.length + 1);
      expect(buckets.labels[bucketOf(buckets, 0)]).toMatch(/^</);
      expect(buckets.labels[bucketOf(buckets, Number.MAX_SAFE_INTEGER)]).toMatch(/^>=/);
      buckets.bounds.forEach((bound, index) => {
        expect(bucketOf(buckets, bound)).toBe(index + 1);
        expect(bucketOf(buckets, bound - 0.5)).toBe(index);
      });
    }
  });
});
