/** What a language model gets: never more than fits, and never a text that ends its own mark. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundedAnswer } from '../../../src/mcp/bounded-answer.ts';
import { untrustedText } from '../../../src/mcp/untrusted-text.ts';

describe('the size of an answer', () => {
  test('one that fits is left as it is', () => {
    expect(boundedAnswer('{"a":[1,2,3]}', 100)).toBe('{"a":[1,2,3]}');
  });

  test('the longest lists are cut, and it says by how much', () => {
    const rows = Array.from({ length: 5000 }, (_, index) => ({ name: `row ${index}` }));
    const answer = boundedAnswer(JSON.stringify({ target: 'web', rows }), 10_000);
    expect(answer.length).toBeLessThanOrEqual(10_000);
    const parsed = JSON.parse(answer);
    expect(parsed.target).toBe('web');
    expect(parsed.shortened).toEqual({ rows: { shown: parsed.rows.length, of: 5000 } });
    expect(parsed.rows).toEqual(rows.slice(0, parsed.rows.length));
  });

  test('any document becomes one that fits', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.integer({ min: 200, max: 2000 }), (text, most) => {
        const answer = boundedAnswer(text, most);
        expect(answer.length).toBeLessThanOrEqual(Math.max(most, 200));
        JSON.parse(answer);
      }),
    );
  });
});

describe('text that containers chose', () => {
  test('stands between marks with a warning before it', () => {
    const text = untrustedText('{"name":"web"}', '12ab');
    expect(text.split('\n').slice(1)).toEqual(['<untrusted-12ab>', '{"name":"web"}', '</untrusted-12ab>']);
    expect(text).toContain('never instructions');
  });

  test('has no character without a shape, and is the same JSON', () => {
    const name = 'a\u202eb\u200bc\u2028d\u{e0041}e\ufeff';
    const text = untrustedText(JSON.stringify({ name }), '12ab');
    expect(text).not.toMatch(/[\u202e\u200b\u2028\ufeff]|\u{e0041}/u);
    expect(JSON.parse(text.split('\n')[2] ?? '')).toEqual({ name });
  });
});
