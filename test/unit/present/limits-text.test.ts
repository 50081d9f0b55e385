import { expect, test } from 'vitest';
import { ByteWriter } from '../../../src/present/byte-writer.ts';
import { descriptorChangeText, descriptorKindsText } from '../../../src/present/descriptor-text.ts';
import { renderFixes } from '../../../src/present/fixes-text.ts';
import { wrap } from '../../../src/present/wrap.ts';

test('sentences are broken at blanks, and a long word stands alone', () => {
  expect(wrap('one two three four', 9)).toBe('one two\nthree\nfour');
  expect(wrap('one two three', 9, '* ')).toBe('* one two\n  three');
  expect(wrap('a-very-long-word and more', 6, '', '  ')).toBe('a-very-long-word\n  and\n  more');
  expect(wrap('one two three', undefined, '* ')).toBe('* one two three');
  // Wide characters take two columns.
  expect(wrap('大大 大大', 8)).toBe('大大\n大大');
});

test('descriptors by kind, in words', () => {
  expect(descriptorKindsText({ file: 1, tcp: 2, zombie: 3, pipe: 0 }, { TCP: 2, UDP: 1 })).toBe(
    '2 TCP, 3 sockets that no table shows (TCP 2, UDP 1), 1 file',
  );
  expect(descriptorKindsText({})).toBe('');
  expect(descriptorChangeText({ tcp: 30, pipe: -1 })).toBe('+30 TCP, -1 pipes');
});

test('what is to be pasted is never broken, and safe', () => {
  const out = new ByteWriter();
  renderFixes(
    out,
    [{ where: 'here', text: 'a sentence', snippet: 'a line that is longer than that\n  \u001b[2Jb' }],
    12,
  );
  expect(new TextDecoder().decode(out.bytes())).toBe(
    '  here: a\n  sentence\n      a line that is longer than that\n        \\x1b[2Jb\n',
  );
});
