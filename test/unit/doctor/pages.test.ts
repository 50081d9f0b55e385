/** What `socklens explain` prints: every rule has its page, and every setting of it stands there. */
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { RULES } from '../../../src/doctor/catalogue.ts';
import { socklens } from '../../support/cli.ts';

const PAGES = 'docs/rules';

test.each(RULES)('$name: its page tells what it is, and every setting', ({ name, settings }) => {
  const page = fs.readFileSync(`${PAGES}/${name}.md`, 'utf8');
  expect(page.split('\n')[0]).toBe(`# ${name}`);
  const rows = page.split('\n').filter((line) => line.startsWith('|'));
  for (const setting of Object.keys(settings)) {
    expect(
      rows.some((row) => row.includes(`\`${setting}\``)),
      `${setting} is in no table of ${name}.md`,
    ).toBe(true);
  }
  for (const heading of ['## What is seen', '## How to fix it', '## By hand']) expect(page).toContain(heading);
});

test('there is no page of a rule that is none', () => {
  const names = fs.readdirSync(PAGES).map((file) => file.replace(/\.md$/, ''));
  expect(names.filter((name) => name !== 'README').sort()).toEqual(RULES.map(({ name }) => name).sort());
});

test('explain prints the page, whatever the case of the name', () => {
  const page = fs.readFileSync(`${PAGES}/POOL_OVERRUN.md`, 'latin1');
  expect(socklens(['explain', 'pool_overrun'])).toEqual({ status: 0, stdout: page, stderr: '' });
  expect(socklens(['explain']).stdout.trimEnd().split('\n')).toHaveLength(RULES.length);
  expect(socklens(['explain', 'POOL'])).toMatchObject({ status: 2, stderr: expect.stringContaining('did you mean') });
});
