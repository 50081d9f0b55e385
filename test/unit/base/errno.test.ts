import os from 'node:os';
import { expect, test } from 'vitest';
import { errnoName, errnoOf } from '../../../src/base/errno.ts';

/** Second names of a number, errno(3). */
const ALIASES: Readonly<Record<string, string>> = {
  ENOTSUP: 'EOPNOTSUPP',
  EWOULDBLOCK: 'EAGAIN',
  EDEADLOCK: 'EDEADLK',
};

test('every errno that this machine knows has the name that the kernel calls it by', () => {
  for (const [name, number] of Object.entries(os.constants.errno)) {
    expect([number, errnoName(number)]).toEqual([number, ALIASES[name] ?? name]);
  }
});

test('the last one of the kernel, gaps, and numbers that have no name', () => {
  expect(errnoName(133)).toBe('EHWPOISON');
  expect(errnoName(41)).toBe('errno 41');
  expect(errnoName(134)).toBe('errno 134');
  // ENOTSUPP of the kernel's own, which netlink answers sometimes.
  expect(errnoName(524)).toBe('errno 524');
  expect(errnoName(0)).toBe('errno 0');
});

test('the name is read from what an error carries in its code', () => {
  expect(errnoOf(Object.assign(new Error('open'), { code: 'ENOENT' }))).toBe('ENOENT');
  expect(errnoOf(new Error('none'))).toBeUndefined();
  expect(errnoOf(Object.assign(new Error('number'), { code: 2 }))).toBeUndefined();
  expect(errnoOf('ENOENT')).toBeUndefined();
  expect(errnoOf(null)).toBeUndefined();
});
