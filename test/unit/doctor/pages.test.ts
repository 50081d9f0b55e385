/** What `socklens explain` prints: every rule has its page, and every setting of it stands there. */
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { displayWidth } from '../../../src/base/display-width.ts';
import type { CommandContext } from '../../../src/commands/context.ts';
import { explain } from '../../../src/commands/explain/explain.ts';
import { RULE_GROUPS, RULES } from '../../../src/doctor/catalogue.ts';
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

test('the groups of rules are the folders that their files are in', () => {
  for (const { name, rules } of RULE_GROUPS) {
    const files = fs.readdirSync(`src/doctor/rules/${name}`).map((file) => file.replace('.ts', ''));
    expect(rules.map((rule) => rule.name.toLowerCase().replaceAll('_', '-')).sort()).toEqual(files.sort());
  }
});

describe('on a terminal', () => {
  const written = (columns: number, colour: boolean, rule?: string) => {
    let text = '';
    const write = (piece: string | Uint8Array) => {
      text += piece;
    };
    const out = { columns, colour, write };
    explain({ out } as unknown as CommandContext, PAGES, rule, 'text');
    return text.trimEnd().split('\n');
  };

  test.each([80, 100, 160])(
    'at %i columns no line is wider, and the list has a line a rule in its group',
    (columns) => {
      const list = written(columns, false);
      expect(list.filter((line) => line.startsWith('  '))).toHaveLength(RULES.length);
      expect(list.filter((line) => /^[A-Z]/.test(line))).toHaveLength(RULE_GROUPS.length);
      for (const line of list) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
      for (const { name } of RULES) {
        const code = /```\n([\s\S]*?)```/.exec(fs.readFileSync(`${PAGES}/${name}.md`, 'utf8'))?.[1] ?? '';
        for (const line of written(columns, false, name)) {
          if (!code.includes(line.trim())) expect([line, displayWidth(line) <= columns]).toEqual([line, true]);
          expect(line).not.toMatch(/^#|^\|.*\|$|\*\*/);
        }
      }
    },
  );

  test('headings are bold, and not without colour', () => {
    expect(written(80, true, 'ORPHANS')[0]).toBe('\x1b[1mORPHANS\x1b[0m');
    expect(written(80, true)[0]).toBe(`\x1b[1m${RULE_GROUPS[0]?.title}\x1b[0m`);
    expect([...written(80, false), ...written(80, false, 'ORPHANS')].join()).not.toContain('\x1b');
  });
});

test('explain --json: every rule with its group, and the page of one', () => {
  const { rules } = JSON.parse(socklens(['explain', '--json']).stdout);
  expect(rules.map(({ name }: { name: string }) => name)).toEqual(RULES.map(({ name }) => name));
  const one = JSON.parse(socklens(['explain', 'orphans', '--ndjson']).stdout);
  expect(one).toMatchObject({ schema: 1, name: 'ORPHANS', group: 'server', settings: expect.any(Object) });
  expect(one.page).toBe(fs.readFileSync(`${PAGES}/ORPHANS.md`, 'latin1'));
});

test('explain prints the page, whatever the case of the name', () => {
  const page = fs.readFileSync(`${PAGES}/POOL_OVERRUN.md`, 'latin1');
  expect(socklens(['explain', 'pool_overrun'])).toEqual({ status: 0, stdout: page, stderr: '' });
  const lines = socklens(['explain']).stdout.split('\n');
  const rules = lines.filter((line) => line.startsWith('  '));
  expect(rules.map((line) => line.trim().split(' ')[0])).toEqual(RULES.map(({ name }) => name));
  for (const { name, title } of RULES)
    expect(rules.some((line) => line.includes(name) && line.endsWith(title))).toBe(true);
  expect(socklens(['explain', 'POOL'])).toMatchObject({ status: 2, stderr: expect.stringContaining('did you mean') });
});
