import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { globMatcher } from '../../../src/base/glob.ts';
import { readConfig } from '../../../src/collect/config/config-file.ts';
import { ignoreBlock } from '../../../src/render/ignore-block.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-ignore-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** What the configuration says that has only this text. */
async function read(text: string) {
  const file = path.join(folder, 'socklens.toml');
  fs.writeFileSync(file, text);
  return (await readConfig(file, new Set())).ignore;
}

test('the block to paste is what the configuration reads as this entry', async () => {
  const until = '2027-03-01T11:22:33.000Z';
  const entry = { rule: 'CLOSE_WAIT_LEAK', target: 'web-1', until, why: 'known, ticket 4711' };
  expect(ignoreBlock(entry)).toBe(
    [
      '[[ignore]]',
      'rule = "CLOSE_WAIT_LEAK"',
      'target = "web-1"',
      'until = 2027-03-01',
      'why = "known, ticket 4711"',
    ].join('\n'),
  );
  const [first] = (await read(ignoreBlock(entry))) ?? [];
  expect(first).toMatchObject({ rule: 'CLOSE_WAIT_LEAK', target: 'web-1', why: 'known, ticket 4711' });
  expect(first?.until?.toISOString()).toBe('2027-03-01T00:00:00.000Z');
  const everywhere = ignoreBlock({ rule: 'DNS_STORM', why: 'as it should be' });
  expect(await read(`${everywhere}\n\n${everywhere}`)).toMatchObject([{ rule: 'DNS_STORM' }, { rule: 'DNS_STORM' }]);
});

test.each([
  'a"b\\c',
  'web-*',
  'web-?[1]',
  ']x[',
  '<img>\n"<b>\u202eetis\u001b[31m&amp;',
  'grün 🙂',
  'end"\n[[ignore]]\nrule = "CLOSE_WAIT_LEAK"\nwhy = "',
  'tag \u{e0001}',
])('a container named %j is meant, and nothing beside it', async (name) => {
  const entries = await read(ignoreBlock({ rule: 'DNS_STORM', target: name, why: name }));
  expect(entries).toHaveLength(1);
  expect(entries?.[0]?.why).toBe(name);
  const isMeant = globMatcher(entries?.[0]?.target ?? '');
  expect(isMeant(name)).toBe(true);
  for (const other of ['web-1', 'web-a1', `${name}x`, `x${name}`]) expect(isMeant(other)).toBe(false);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(ignoreBlock({ rule: 'DNS_STORM', target: name, why: name })).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
});
