import fc from 'fast-check';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { PROCESSES } from '../../../src/recording/line-shapes.ts';
import { checkedProcesses, isProcessList } from '../../../src/recording/process-list.ts';

const PROCESS = { pid: 1, name: 'a', startTicks: 1, used: 3, softLimit: null, hardLimit: 5 };
const KNOWN = { ...PROCESS, container: 'web', kinds: { byKind: { tcp: 1 } } };

test('accepts the lists of the writer', () => {
  expect(isProcessList([PROCESS, KNOWN])).toBe(true);
  expect(isProcessList([])).toBe(true);
});

test('leaves the peers of dead sockets to the schema', () => {
  const dead = [
    { peer: '10.0.0.1', port: 5432, count: 30, fd: 9 },
    { count: 1, fd: 3 },
  ];
  const list = [{ ...PROCESS, kinds: { byKind: { zombie: 31 }, dead } }];
  expect(isProcessList(list)).toBe(false);
  expect(checkedProcesses(list)).toEqual(list);
  expect(() => checkedProcesses([{ ...PROCESS, kinds: { byKind: {}, dead: [{ peer: 1 }] } }])).toThrow();
});

test('accepts only what the schema accepts', () => {
  const value = fc.oneof(
    fc.integer(),
    fc.string(),
    fc.constant(null),
    fc.boolean(),
    fc.constant(undefined),
    fc.constant([]),
    fc.constant({}),
    fc.constant({ byKind: [] }),
    fc.constant({ byKind: { a: null } }),
    fc.constant({ byKind: {} }),
  );
  const entry = fc
    .tuple(fc.constantFrom(PROCESS, KNOWN), fc.constantFrom(...Object.keys(KNOWN), 'later'), value)
    .map(([process, key, replaced]) => ({ ...process, [key]: replaced }));
  fc.assert(
    fc.property(fc.oneof(value, fc.array(fc.oneof(value, entry), { maxLength: 3 })), (list) => {
      if (isProcessList(list)) expect(v.is(PROCESSES, list)).toBe(true);
    }),
    { numRuns: 3000 },
  );
});
