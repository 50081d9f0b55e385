import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { cutToWidth, displayWidth, fitToWidth, padToWidth } from '../../../src/base/display-width.ts';

describe('displayWidth', () => {
  it.each([
    ['', 0],
    ['webhook', 7],
    ['naïve', 5],
    ['大大', 4],
    ['ﾊﾟ', 2],
    // A combining acute accent stands on the letter before it.
    ['e\u0301', 1],
    ['🚀', 2],
    // A variation selector is a mark.
    ['❤\ufe0f', 1],
    // A control character does not print: text for a terminal has none, safeText writes it out.
    ['a\u001b\u0007b', 2],
  ])('%j takes %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe('cutToWidth', () => {
  it.each([
    ['webhook', 7, 'webhook'],
    ['webhook', 6, 'webho…'],
    ['webhook', 1, '…'],
    ['webhook', 0, ''],
    ['', 0, ''],
    // Of a wide character there is no half.
    ['大大大', 5, '大大…'],
    ['大大大', 4, '大…'],
    // The accent stays with its letter.
    ['ae\u0301bcd', 3, 'ae\u0301…'],
  ])('%j in %i columns', (text, width, cut) => {
    expect(cutToWidth(text, width)).toBe(cut);
  });
});

test('padding counts columns, not characters, and never cuts', () => {
  expect(padToWidth('大', 4)).toBe('大  ');
  expect(padToWidth('大', 4, 'right')).toBe('  大');
  expect(padToWidth('webhook', 3)).toBe('webhook');
});

test('text that is fitted takes exactly the columns that it was given', () => {
  expect(fitToWidth('大大大', 4)).toBe('大… ');
  expect(fitToWidth('大大大', 4, 'right')).toBe(' 大…');
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.nat({ max: 20 }),
      fc.constantFrom('left', 'right'),
      (text, width, align) => {
        expect(displayWidth(fitToWidth(text, width, align))).toBe(width);
      },
    ),
  );
});
