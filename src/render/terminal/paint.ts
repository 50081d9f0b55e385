import type { Line, Style } from './screen.ts';

/** SGR parameters (ECMA-48 8.3.117) that start a style; each styled text ends with {@link RESET}. */
const COLOURS: Readonly<Record<Style, string>> = {
  bold: '1',
  dim: '2',
  heading: '30;42',
  sorted: '30;46',
  selected: '30;46',
  key: '1',
  label: '30;46',
  good: '32',
  warning: '33',
  bad: '1;31',
  established: '32',
  listen: '34',
  'time-wait': '35',
  'close-wait': '31',
  opening: '33',
  closing: '36',
  other: '37',
};

/** The same without colours (NO_COLOR). Styles that are missing here differ by letters. */
const PLAIN: Partial<Record<Style, string>> = {
  bold: '1',
  heading: '7',
  sorted: '7;4',
  selected: '7',
  label: '7',
  bad: '1',
};

/** A text in a style; without escape sequences where `colour` is false: no terminal, NO_COLOR, `--no-color`. */
export function styled(text: string, style: Style, colour: boolean): string {
  return colour ? paint([{ text, style }], true) : text;
}

const RESET = '\x1b[0m';

/** A line as text with the escape sequences of its styles. */
export function paint(line: Line, colour: boolean): string {
  const codes: Partial<Record<Style, string>> = colour ? COLOURS : PLAIN;
  return line
    .map(({ text, style }) => {
      const code = style === undefined ? undefined : codes[style];
      return code === undefined || text === '' ? text : `\x1b[${code}m${text}${RESET}`;
    })
    .join('');
}
