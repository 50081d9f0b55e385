import { describe, expect, it } from 'vitest';
import { proposeFilterWords } from '../../../src/filter/propose.ts';

describe('proposeFilterWords', () => {
  it.each<[string, string, string[]]>([
    ['', '', ['state', 'dst', 'not']],
    ['state ', 'clo', ['close-wait', 'closing']],
    ['state ', 'CLO', ['CLOSE_WAIT']],
    ['state established,', '', ['close-wait']],
    ['state close-wait ', '', ['and', 'or']],
    ['dst db:3306 and ', '', ['idle', 'process']],
    ['idle ', '', ['gt', 'lt']],
    ['role = ', '', ['client', 'server']],
    ['not ( ', '', ['orphan']],
    ['orphan ', '', ['and']],
  ])('after "%s", begun "%s"', (before, begun, words) => {
    expect(proposeFilterWords(before, begun).words).toEqual(expect.arrayContaining(words));
  });

  it('names of containers where one is a value', () => {
    expect(proposeFilterWords('dst ', '')).toEqual({ words: [], names: true });
    expect(proposeFilterWords('process ', '')).toEqual({ words: [], names: false });
  });
});
