/** Each rule has a unit test of its own: a fault that it finds, and a healthy look-alike that it says nothing of. */
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { RULES } from '../../../src/analyze/doctor/catalogue.ts';

/** `CLOSE_WAIT_LEAK` has `close-wait-leak.test.ts`. */
const fileOf = (name: string) => `test/unit/doctor/${name.toLowerCase().replaceAll('_', '-')}.test.ts`;

test('the catalogue has 46 rules', () => {
  expect(RULES).toHaveLength(46);
  expect(new Set(RULES.map(({ name }) => name)).size).toBe(46);
});

test.each(RULES)('$name has a test with a fault and a look-alike', ({ name }) => {
  const text = fs.readFileSync(fileOf(name), 'utf8');
  expect(text).toContain(`/${name.toLowerCase().replaceAll('_', '-')}.ts'`);
  expect(text, 'a finding of the rule with its severity').toMatch(/severity: |'(info|warning|critical)'/);
  expect(text, 'a look-alike without a finding').toMatch(/toEqual\(\[\]\)|toHaveLength\(0\)/);
});
