/**
 * Recordings that earlier versions made, and what those versions printed of them: they open, and the numbers
 * are the same. Words and layout may have changed since.
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/model/finding/diagnosis.ts';
import { socklens } from '../support/cli.ts';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/recordings');

/** Numbers, addresses and times of a text, in their order. */
function numbersOf(text: string): string[] {
  // The row was called `unowned`; now its name has those of the containers.
  return text.replace(/^shared: \S+( \+ \S+)*/gm, '').match(/\d[\d.:]*\d|\d/g) ?? [];
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

/** A finding as an earlier version printed it: the measured values of its evidence. */
interface OldFinding {
  rule: string;
  scope: string;
  values: number[];
}

function oldFindings(text: string): OldFinding[] {
  return text.split(/^(?=(?:INFO|WARNING|CRITICAL) {2}\S)/m).flatMap((part) => {
    const head = /^\S+ {2}(\S+) {2}(.+?) {2}\(confidence/.exec(part);
    if (head === null) return [];
    const values = [...part.matchAll(/: (\d+) {2}\[/g)].map(([, value]) => Number(value));
    return { rule: head[1] ?? '', scope: head[2] ?? '', values };
  });
}

/** What a rule has unlearned since: nothing was accepted on port 8080, and a longer queue does not help there. */
const NOT_SAID = ({ rule, scope }: OldFinding) => rule === 'BACKLOG_CLAMPED' && scope.startsWith('name-1 ');

describe.each(['v0.1.0-full', 'v0.1.0-summary'])('the recording %s', (name) => {
  const all = printed(`${name}.txt`);
  const words = (command: string) =>
    command.split(' ').map((word) => (word.endsWith('.slr') ? path.join(FOLDER, word) : word));

  it.each(all.filter(({ command }) => !command.startsWith('doctor')))(
    'socklens $command: prints the numbers of then',
    ({ command, text }) => {
      const { status, stdout } = socklens(words(command), { TZ: 'UTC' });
      expect(status).toBe(0);
      const numbers = numbersOf(stdout);
      const wanted = numbersOf(text);
      // `events` prints more by now: how long connections lived.
      expect(command.startsWith('events') ? numbers.filter(inOrderOf(wanted)) : numbers).toEqual(wanted);
    },
  );

  it.each(all.filter(({ command }) => command.startsWith('doctor')))(
    'socklens $command: finds what was found then, with its numbers',
    ({ command, text }) => {
      const { status, stdout } = socklens([...words(command), '--json'], { TZ: 'UTC' });
      expect(status).toBe(1);
      const { findings } = JSON.parse(stdout) as Diagnosis;
      const wanted = oldFindings(text).filter((old) => !NOT_SAID(old));
      expect(wanted.length).toBeGreaterThanOrEqual(3);
      for (const { rule, scope, values } of wanted) {
        const measured = findings
          .filter((finding) => finding.rule === rule && finding.scope.name === scope)
          .map(({ evidence }) => evidence.map(({ value }) => value));
        expect([rule, scope, values, measured]).toEqual([
          rule,
          scope,
          values,
          expect.arrayContaining([expect.arrayContaining(values)]),
        ]);
      }
    },
  );
});
