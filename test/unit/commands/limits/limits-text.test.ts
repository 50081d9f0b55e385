import { expect, test } from 'vitest';
import { descriptorChangeText, descriptorKindsText } from '../../../../src/commands/limits/descriptor-text.ts';
import { renderFixes } from '../../../../src/commands/limits/limits-text.ts';
import { ByteWriter } from '../../../../src/render/byte-writer.ts';

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
