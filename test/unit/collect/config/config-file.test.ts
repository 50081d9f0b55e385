import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../../../src/collect/config/config-file.ts';
import { Failure } from '../../../../src/model/failure.ts';

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'config-file-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** The configuration in this text; a file that is named is read whichever user owns it. */
function read(text: string) {
  fs.writeFileSync(`${folder}/given.toml`, text);
  return readConfig(`${folder}/given.toml`, new Set());
}

/** The one-line error message for this text, without the folder. */
async function failure(text: string): Promise<string> {
  const error = await read(text).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw new Error(`no Failure but ${error}`);
  expect(error.kind).toBe('usage');
  expect(error.message).not.toContain('\n');
  expect(error.message.length).toBeLessThan(600);
  return error.message.replace(`${folder}/`, '');
}

test.each([
  ['[doctor]\nfor = 30\n', 'given.toml: doctor.for: Invalid type: Expected string but received 30'],
  ['doctor = "x"\n', 'given.toml: doctor: Invalid type: Expected Object but received "x"'],
  ['[doctor]\nskip = "ORPHANS"\n', 'given.toml: doctor.skip: Invalid type: Expected Array but received "ORPHANS"'],
  ['[doctor]\nskip = [1]\n', 'given.toml: doctor.skip.0: Invalid type: Expected string but received 1'],
  ['[[ignore]]\nrule = "ORPHANS"\n', 'given.toml: ignore.0.why: Invalid key: Expected "why" but received undefined'],
  ['[[ignore]]\nrule = "ORPHANS"\nwhy = ""\n', 'given.toml: ignore.0.why: write the reason, for whoever reads it next'],
  [
    '[[ignore]]\nrule = "ORPHANS"\nuntil = "2027-03-01"\nwhy = "x"\n',
    'given.toml: ignore.0.until: write a date, 2027-03-01 without quotes',
  ],
  ['[doctor.rules]\nX = 1\n', 'given.toml: doctor.rules.X: Invalid type: Expected Object but received 1'],
  [
    '[doctor.rules.X]\na = true\n',
    'given.toml: doctor.rules.X.a: Invalid type: Expected (string | number) but received true',
  ],
  ['[pools]\n"db:3306" = "fifty"\n', 'given.toml: pools.db:3306: Invalid type: Expected number but received "fifty"'],
  ['[pools]\n"db:3306" = 1.5\n', 'given.toml: pools.db:3306: Invalid integer: Received 1.5'],
  ['[pools]\n"db:3306" = 0\n', 'given.toml: pools.db:3306: Invalid value: Expected >=1 but received 0'],
  ['[pools]\n"db:3306" = inf\n', 'given.toml: pools.db:3306: Invalid integer: Received Infinity'],
  [
    '[guard]\nbudgets = [{ a = 1 }]\n',
    'given.toml: guard.budgets.0: Invalid type: Expected string but received Object',
  ],
  ['[gard]\n', 'given.toml: gard: Invalid key: Expected never but received "gard"'],
  ['[pools\n', 'given.toml: Invalid TOML document'],
])('%j is refused with the value in the message', async (text, message) => {
  expect(await failure(text)).toContain(message);
});

test('a long text is cut', async () => {
  expect(await failure(`[pools]\n"db:3306" = "${'x'.repeat(5000)}"\n`)).toContain('xxx…');
});

test('any TOML gives a configuration or a Failure', async () => {
  const key = fc.constantFrom('doctor', 'guard', 'pools', 'server-limits', 'rules', 'skip', 'for', 'budgets', '"a:1"');
  const value = fc.oneof(
    fc.integer(),
    fc.constantFrom('true', 'nan', 'inf', '1979-05-27', '1e400', '99999999999999999999', '[]', '[[1]]', '{}', "''"),
  );
  const line = fc.tuple(key, value).map(([name, what]) => `${name} = ${what}`);
  const table = fc.tuple(key, key).map(([outer, inner]) => `[${outer}.${inner}]`);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(line, table), { maxLength: 6 }), async (lines) => {
      try {
        await read(lines.join('\n'));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
      }
    }),
    { numRuns: 300 },
  );
});

test('an entry [[ignore]] ends at midnight UTC of a date, or at a time', async () => {
  const entry = 'rule = "ORPHANS"\nwhy = "known"\n';
  const { ignore } = await read(
    `[[ignore]]\n${entry}until = 2027-03-01\n[[ignore]]\n${entry}until = 2027-03-01T06:30:00+02:00\n[[ignore]]\n${entry}`,
  );
  expect(ignore?.map(({ until }) => until?.toISOString())).toEqual([
    '2027-03-01T00:00:00.000Z',
    '2027-03-01T04:30:00.000Z',
    undefined,
  ]);
});
