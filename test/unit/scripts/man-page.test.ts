/** The manual page, as `npm run build:man` writes it. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VERBS } from '../../../src/cli/verbs.ts';
import type { CommandDocs } from '../../../src/commands/command.ts';
import { RULES } from '../../../src/doctor/catalogue.ts';
import { missingProgram } from '../../support/software/program.ts';

const MAIN = path.resolve('scripts/man/main.ts');
/** 2026-11-30. */
const EPOCH = '1795996800';
const verbs: [string, { docs: CommandDocs }][] = Object.entries(VERBS);

let folder: string;
let page: string;
let rendered: string;

function makePage(file: string): string {
  execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: EPOCH },
  });
  return fs.readFileSync(file, 'utf8');
}

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'man-'));
  page = makePage(`${folder}/socklens.1`);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

test('is ASCII, and the same bytes for the same date', () => {
  expect(page).toMatch(/^[\n -~]+$/);
  // A terminal in the locale C has no others: groff would print nothing for them, and a warning.
  expect(page).not.toMatch(/\\\[u/);
  expect(page).toContain('.TH SOCKLENS 1 "2026-11-30"');
  expect(makePage(`${folder}/again.1`)).toBe(page);
});

const missing = missingProgram('mandoc');
describe.skipIf(missing !== undefined)(`in mandoc${missing === undefined ? '' : `: ${missing}`}`, () => {
  beforeAll(() => {
    const text = execFileSync('mandoc', ['-T', 'utf8', '-O', 'width=200', `${folder}/socklens.1`], {
      encoding: 'utf8',
    });
    // A character, a backspace and the character again are bold.
    const [last = '', ...before] = text.split('\b').reverse();
    rendered = [...before.reverse().map((part) => part.slice(0, -1)), last].join('').replace(/\s+/g, ' ');
  });

  test('its linter has nothing to say', () => {
    const { stdout, status } = spawnSync('mandoc', ['-T', 'lint', '-W', 'all', `${folder}/socklens.1`], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  test.each(verbs)('%s: its usage, every option and every example', (name, { docs }) => {
    const start = rendered.indexOf(`socklens ${name} `, rendered.indexOf(' COMMANDS '));
    expect(start).toBeGreaterThan(0);
    const part = rendered.slice(start);
    for (const [option, { docs: own, letter }] of Object.entries(docs.options ?? {})) {
      const typed = `--${option.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`;
      const form = `${letter === undefined ? '' : `-${letter}, `}${typed}${own.placeholder ? ` ${own.placeholder}` : ''}`;
      if (!own.isHidden) expect(part).toContain(` ${form} `);
    }
    for (const [line, shows] of docs.examples) {
      expect(part).toContain(`# ${shows} socklens ${line}`.trim());
    }
  });

  test('every rule of the doctor', () => {
    for (const { name, title } of RULES) expect(rendered).toContain(` ${name} ${title} `);
  });

  test('what the documentation says about TARGET, FILTER, statuses and files, with nothing left of its marks', () => {
    expect(rendered).toContain(
      'compose:PROJECT, compose:PROJECT/SERVICE the containers of a Compose project or service',
    );
    expect(rendered).toContain('state NAME, exclude NAME sockets in a state, or not in it');
    expect(rendered).toContain('4 not permitted; the message names the missing capability');
    expect(rendered).not.toMatch(/`[^ ]|\*\*|\]\(/);
  });
});

test('every variable of the environment that the source reads is documented', () => {
  const documented = fs.readFileSync('docs/command-line.md', 'utf8');
  const files = fs.globSync('src/**/*.ts').filter((file) => !file.startsWith('src/lab/'));
  const read = files.flatMap((file) => [...fs.readFileSync(file, 'utf8').matchAll(/\benv\.([A-Z][A-Z_0-9]*)/g)]);
  // PATH and HOME mean what they mean to every program; sudo sets SUDO_UID, and STRICLI_NO_COLOR is set, not read.
  const common = new Set(['PATH', 'HOME', 'SUDO_UID', 'STRICLI_NO_COLOR']);
  const names = new Set(read.map(([, name]) => name as string).filter((name) => !common.has(name)));
  expect([...names].filter((name) => !documented.includes(`\`${name}\``))).toEqual([]);
  expect(names.size).toBeGreaterThan(10);
});
