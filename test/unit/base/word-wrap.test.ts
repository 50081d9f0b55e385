import fc from 'fast-check';
import { expect, test } from 'vitest';
import { displayWidth } from '../../../src/base/display-width.ts';
import { wrapWords } from '../../../src/base/word-wrap.ts';

test('lines break at blanks, and a word that is too wide has a line of its own', () => {
  expect(wrapWords('one two three four', 9)).toEqual(['one two', 'three', 'four']);
  expect(wrapWords('a-very-long-word and more', 6, '', '  ')).toEqual(['a-very-long-word', '  and', '  more']);
});

test('the others begin with blanks as wide as the first begins, unless told otherwise', () => {
  expect(wrapWords('one two three', 9, '* ')).toEqual(['* one two', '  three']);
  expect(wrapWords('one two', 6, '大 ')).toEqual(['大 one', '   two']);
  expect(wrapWords('one two', 4, '- ', '+ ')).toEqual(['- one', '+ two']);
});

test('without a width nothing is broken', () => {
  expect(wrapWords('one two three', undefined, '* ')).toEqual(['* one two three']);
});

test('wide characters take two columns, combining marks none', () => {
  expect(wrapWords('大大 大大', 8)).toEqual(['大大', '大大']);
  expect(wrapWords('大大 大大', 9)).toEqual(['大大 大大']);
  expect(wrapWords('e\u0301e\u0301 ab', 5)).toEqual(['e\u0301e\u0301 ab']);
});

test('no word is lost, and a line is wider than asked for only where it is one word', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', '大', 'e\u0301') })),
      fc.integer({ min: 1, max: 30 }),
      (words, width) => {
        const text = words.join(' ');
        const lines = wrapWords(text, width);
        expect(lines.join(' ')).toBe(text);
        for (const line of lines) if (displayWidth(line) > width) expect(line.trim()).not.toContain(' ');
      },
    ),
  );
});
