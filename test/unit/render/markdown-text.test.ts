import { describe, expect, it } from 'vitest';
import { markdownText } from '../../../src/render/markdown/markdown-text.ts';

const lines = (width: number, ...source: string[]) => markdownText(source.join('\n'), { width, colour: false });

describe('markdownText', () => {
  it('draws headings, and bold ones with colour', () => {
    expect(lines(80, '# Title', '', '## Part')).toEqual(['Title', '', 'Part']);
    expect(markdownText('# Title', { width: 80, colour: true })).toEqual(['\x1b[1mTitle\x1b[0m']);
  });

  it('wraps paragraphs and list items, without emphasis and links', () => {
    expect(lines(12, 'one **two** three', '[four](x.md) five')).toEqual(['one two', 'three four', 'five']);
    expect(lines(12, '* one two three', '* four')).toEqual(['* one two', '  three', '* four']);
  });

  it('aligns tables, and wraps the cells of the widest column', () => {
    const table = ['| A | Long name |', '| --- | --- |', '| `x|y` | one two three |', '| b \\| c | |'];
    expect(lines(80, ...table)).toEqual(['A      Long name', '`x|y`  one two three', 'b | c']);
    expect(lines(16, ...table)).toEqual(['A      Long name', '`x|y`  one two', '       three', 'b | c']);
  });

  it('leaves code as it is', () => {
    expect(lines(10, '```', 'ss -tanp state close-wait', '```', 'end')).toEqual(['  ss -tanp state close-wait', 'end']);
  });
});
