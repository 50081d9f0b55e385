/** Each rule has a unit test of its own: a fault that it finds, and a healthy look-alike that it says nothing of. */
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { RULES } from '../../../src/doctor/catalogue.ts';

const FOLDER = 'test/unit/doctor';
const FILES = fs.readdirSync(FOLDER, { recursive: true, encoding: 'utf8' });

test('the catalogue has each rule under one name, and a page for each', () => {
  const names = RULES.map(({ name }) => name).sort();
  expect(new Set(names).size).toBe(names.length);
  const pages = fs.readdirSync('docs/rules').filter((page) => page !== 'README.md');
  expect(pages.sort()).toEqual(names.map((name) => `${name}.md`));
});

test.each(RULES)('$name has a test with a fault and a look-alike', ({ name }) => {
  const file = name.toLowerCase().replaceAll('_', '-');
  const [found, ...others] = FILES.filter((path) => path.endsWith(`/${file}.test.ts`));
  expect(others).toEqual([]);
  const text = fs.readFileSync(`${FOLDER}/${found}`, 'utf8');
  expect(text).toContain(`/${file}.ts'`);
  expect(text, 'a finding of the rule with its severity').toMatch(/severity: |'(info|warning|critical)'/);
  expect(text, 'a look-alike without a finding').toMatch(/toEqual\(\[\]\)|toHaveLength\(0\)/);
});
