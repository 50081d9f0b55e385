import { expect, test } from 'vitest';
import { terminalSvg } from '../../../scripts/pictures/svg.ts';

const texts = (svg: string) =>
  [...svg.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)].map(([, attributes = '', text]) => ({
    style: /class="([^"]*)"/.exec(attributes)?.[1],
    x: Number(/ x="([\d.]+)"/.exec(attributes)?.[1]),
    text,
  }));

test('a picture has the text in its columns, with its colours, and nothing that is markup', () => {
  const svg = terminalSvg(
    ['\u001b[1;31mCRITICAL\u001b[0m  a < b & "c"', '\u001b[30;42mName\u001b[0m \u001b[2m▁█\u001b[0m'],
    'title <x>',
  );
  const [critical, rest, name, bars] = texts(svg);
  expect(critical).toEqual({ style: 'red bold', x: 16, text: 'CRITICAL' });
  // Ten columns of 8.4 behind the margin of 16.
  expect(rest).toEqual({ style: undefined, x: 100, text: 'a &lt; b &amp; &quot;c&quot;' });
  // Black on a coloured ground is the colour of the window, which is readable in both looks.
  expect(name).toMatchObject({ style: 'paper', text: 'Name' });
  expect(svg).toMatch(/<rect class="on-green" x="16" [^>]*width="33.6"/);
  expect(bars).toMatchObject({ style: 'dim', text: '▁█' });
  expect(svg).toContain('<title>title &lt;x&gt;</title>');
  expect(svg).toContain('@media (prefers-color-scheme:dark)');
});

test('an escape sequence that is not known is an error, not part of a picture', () => {
  expect(() => terminalSvg(['\u001b[38;5;9mx'], '')).toThrow('SGR 38');
});
