/**
 * Recordings that earlier versions made, and what those versions printed of them: they open, and the numbers
 * are the same. Words and layout may have changed since.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { socklens } from '../support/cli.ts';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/recordings');

/**
 * Lines that are no facts of the recording: how many rules the doctor has, which of them need more time, and the
 * verdict, which stood behind the findings and stands before them.
 */
const NO_FACTS = /\d+ rules checked|^ *not (judged|checked)|\(--for /;

/** Numbers, addresses and times of a text, in their order. */
function numbersOf(text: string): string[] {
  const lines = text.split('\n').filter((line) => !NO_FACTS.test(line));
  // The row was called `unowned`; now its name has those of the containers.
  return (
    lines
      .join('\n')
      .replace(/^shared: \S+( \+ \S+)*/gm, '')
      .match(/\d[\d.:]*\d|\d/g) ?? []
  );
}

/** Passes the first occurrences, in their order, of wanted texts. */
function inOrderOf(wanted: readonly string[]): (text: string) => boolean {
  let at = 0;
  return (text) => {
    if (text !== wanted[at]) return false;
    at++;
    return true;
  };
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
    // Facts of the machine, `info`, were printed in full.
    const asked = command.replace(/^doctor/, 'doctor --all');
    const args = asked.split(' ').map((word) => (word.endsWith('.slr') ? path.join(FOLDER, word) : word));
    const { status, stdout } = socklens(args, { TZ: 'UTC' });
    expect(status).toBe(command.startsWith('doctor') ? 1 : 0);
    const numbers = numbersOf(stdout);
    const wanted = numbersOf(text);
    // `doctor` and `events` print more by now: which cause a finding has, how long connections lived.
    const isLonger = /^(doctor|events)/.test(command);
    expect(isLonger ? numbers.filter(inOrderOf(wanted)) : numbers).toEqual(wanted);
  });
});
