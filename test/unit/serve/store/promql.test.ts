import { describe, expect, test } from 'vitest';
import {
  labelIs,
  labelIsOneOf,
  literalPattern,
  promqlDuration,
  quoted,
  selector,
} from '../../../../src/serve/store/promql.ts';

describe('text of expressions', () => {
  test('a value cannot end its literal', () => {
    expect(quoted('a"} or up{x="\\')).toBe(String.raw`"a\"} or up{x=\"\\"`);
    expect(labelIs('container', 'two\nlines')).toBe(String.raw`container="two\nlines"`);
  });

  test('names of several containers are patterns of themselves', () => {
    expect(labelIsOneOf('container', ['web'])).toBe('container="web"');
    expect(labelIsOneOf('container', ['a.b', 'c"d|e'])).toBe(String.raw`container=~"a\\.b|c\"d\\|e"`);
    for (const name of ['a.b', 'x+y(z)', '[q]', '^$', 'back\\slash', 'br{2}ace'])
      expect(new RegExp(`^(?:${literalPattern(name)})$`).test(name)).toBe(true);
  });

  test('selectors and durations', () => {
    expect(selector('up', [])).toBe('up');
    expect(selector('up', [labelIs('a', 'b'), 'c!="d"'])).toBe('up{a="b",c!="d"}');
    expect(promqlDuration(15_000)).toBe('15000ms');
    expect(promqlDuration(0.2)).toBe('1ms');
  });
});
