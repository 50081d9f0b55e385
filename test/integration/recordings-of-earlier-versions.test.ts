/**
 * Recordings that earlier versions made, and what those versions printed of them: they open, and the numbers
 * are the same. Words and layout may have changed since.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { socklens } from '../support/cli.ts';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/recordings');

/** Numbers, addresses and times of a text, in their order. How many rules the doctor has is no fact of the recording. */
function numbersOf(text: string): string[] {
  const lines = text.split('\n').filter((line) => !/\d+ rules checked/.test(line));
  // The row was called `unowned`; now its name has those of the containers.
  return (
    lines
      .join('\n')
      .replace(/^shared: \S+( \+ \S+)*/gm, '')
      .match(/\d[\d.:]*\d|\d/g) ?? []
  );
}

/** Commands of a file of texts, `$ socklens ps --from FILE`, with what each printed. */
function printed(file: string): { command: string; text: string }[] {
  return fs
    .readFileSync(path.join(FOLDER, file), 'utf8')
    .split(/^\$ socklens /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { command: part.slice(0, end), text: part.slice(end + 1) };
    });
}

describe.each(['v0.1.0-full', 'v0.1.0-summary'])('the recording %s', (name) => {
  it.each(printed(`${name}.txt`))('socklens $command: prints the numbers of then', ({ command, text }) => {
    const args = command.split(' ').map((word) => (word.endsWith('.slr') ? path.join(FOLDER, word) : word));
    const { status, stdout } = socklens(args, { TZ: 'UTC' });
    expect(status).toBe(command.startsWith('doctor') ? 1 : 0);
    expect(numbersOf(stdout)).toEqual(numbersOf(text));
  });
});
