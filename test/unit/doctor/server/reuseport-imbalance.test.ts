import { expect, test } from 'vitest';
import { reuseportImbalance } from '../../../../src/doctor/rules/server/reuseport-imbalance.ts';
import { judge, listener, series, spaceSeries } from '../../../support/series.ts';

/** A look at four listeners of one port, with so many waiting at each. */
const look = (...queues: number[]) => ({
  sockets: queues.map((receiveQueue, index) => listener(8080, { inode: 500 + index, receiveQueue, sendQueue: 128 })),
});
const judged = (...looks: ReturnType<typeof look>[]) => judge(reuseportImbalance, series([spaceSeries(looks)]));

test('ten at the one and none at the others are a warning, nine are nothing', () => {
  expect(judged(look(0, 4, 0, 0), look(0, 10, 0, 0))).toMatchObject([
    { rule: 'REUSEPORT_IMBALANCE', severity: 'warning', about: 'port 8080' },
  ]);
  expect(judged(look(0, 9, 0, 0))).toEqual([]);
});

test('five times the median of the others', () => {
  expect(judged(look(4, 20, 4, 4))).toHaveLength(1);
  expect(judged(look(5, 20, 5, 5))).toEqual([]);
});

test('of two listeners one may be stuck', () => {
  expect(judged(look(12, 0))).toHaveLength(1);
});

test('look-alikes: all are long, one alone is long, a burst that is worked off', () => {
  expect(judged(look(60, 70, 80, 60))).toEqual([]);
  expect(judged(look(60))).toEqual([]);
  expect(judged(look(0, 90, 0, 0), look(0, 40, 0, 0))).toEqual([]);
});
