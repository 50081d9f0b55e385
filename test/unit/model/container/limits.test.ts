import { describe, expect, it, test } from 'vitest';
import { finiteLimit, limitPercent, limitShare, limitText, limitWord } from '../../../../src/model/container/limits.ts';

describe('the share of a limit that is in use', () => {
  it.each([
    ['half', 512, 1024, 0.5, 50],
    ['all but one is not yet 100 %', 1023, 1024, 1023 / 1024, 99],
    ['all', 1024, 1024, 1, 100],
    ['more, for the limit was lowered', 2048, 1024, 2, 200],
    ['nothing', 0, 1024, 0, 0],
    ['a limit of 0 is used up', 3, 0, 1, 100],
    ['a limit of 0 is used up by nothing, too', 0, 0, 1, 100],
    ['unlimited, as reports have it', 3, null, undefined, undefined],
    ['unlimited, as the kernel has it', 3, Number.POSITIVE_INFINITY, undefined, undefined],
    ['not known', 3, undefined, undefined, undefined],
  ])('%s', (_, used, limit, share, percent) => {
    expect([limitShare(used, limit), limitPercent(used, limit)]).toEqual([share, percent]);
  });
});

test('an unlimited limit is a word in text, and null in JSON', () => {
  expect([limitWord(0), limitWord(1024), limitWord(null), limitWord(Number.POSITIVE_INFINITY)]).toEqual([
    '0',
    '1024',
    'unlimited',
    'unlimited',
  ]);
  expect(limitText({ soft: 64, hard: null })).toBe('64:unlimited');
  expect(JSON.stringify([0, Number.POSITIVE_INFINITY].map(finiteLimit))).toBe('[0,null]');
});
