import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bashText, readBashLine } from '../../../../src/cli/completion/bash-line.ts';

const BREAKS = ' \t\n"\'><=;|&(:';

/** The word that bash makes of a text; nothing of it may run. */
function bashWord(text: string): string {
  return execFileSync('bash', ['-c', `printf %s ${text}`], { encoding: 'utf8', env: { HOME: '/home/nobody' } });
}

describe('bashText', () => {
  it.each([
    'plain',
    '$(id)',
    '`id`',
    "it's",
    'a"b',
    'a;id',
    'a&b|c',
    '~',
    '~x',
    '#x',
    'a*b?[c]',
    '{a,b}',
    'a\\~b',
    '<x>',
    '!x',
  ])('is that word for bash: %s', (value) => {
    expect(bashWord(bashText(value, { quote: undefined, kept: 0 }) ?? '')).toBe(value);
    expect(bashWord(`'${bashText(value, { quote: "'", kept: 0 })}'`)).toBe(value);
  });

  it('any printable text is that word for bash', () => {
    const printable = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(printable, (value) => {
        expect(bashWord(bashText(value, { quote: undefined, kept: 0 }) ?? '')).toBe(value);
      }),
      { numRuns: 60 },
    );
  });

  it('within double quotes: quoted there, and nothing for a history expansion', () => {
    expect(bashWord(`"${bashText('$(id)`x`"\\', { quote: '"', kept: 0 })}"`)).toBe('$(id)`x`"\\');
    expect(bashText('a!b', { quote: '"', kept: 0 })).toBeUndefined();
  });
});

describe('readBashLine', () => {
  it.each<[string, string[]]>([
    ['socklens ls we', ['socklens', 'ls', 'we']],
    ['socklens ls ', ['socklens', 'ls', '']],
    ['socklens ls web\\ 1', ['socklens', 'ls', 'web 1']],
    ['socklens ls web "state clo', ['socklens', 'ls', 'web', 'state clo']],
    ['true; socklens ls x', ['socklens', 'ls', 'x']],
  ])('%s', (text, words) => {
    expect(readBashLine(text, BREAKS).words).toEqual(words);
  });

  it('keeps what readline keeps: up to the last break, or the open quote', () => {
    expect(readBashLine('socklens ls compose:sh', BREAKS).kept).toBe('compose:'.length);
    expect(readBashLine('socklens ls --by=st', BREAKS).kept).toBe('--by='.length);
    expect(readBashLine("socklens ls 'state clo", BREAKS)).toMatchObject({ kept: 0, quote: "'" });
  });
});
