import { displayWidth } from '../../src/base/display-width.ts';

/** How a run of characters is drawn; colours are names of {@link PALETTE}, undefined for the terminal's own. */
interface Style {
  colour: string | undefined;
  background: string | undefined;
  bold: boolean;
  dim: boolean;
  inverse: boolean;
}

/** Characters of one style, from a column on. */
interface Run {
  text: string;
  column: number;
  style: Style;
}

const PLAIN: Style = { colour: undefined, background: undefined, bold: false, dim: false, inverse: false };

/** The colours of SGR 30 to 37, ECMA-48 8.3.117, in its order: on a light and on a dark background. */
const PALETTE = {
  black: ['#1f2328', '#0d1117'],
  red: ['#cf222e', '#ff7b72'],
  green: ['#116329', '#3fb950'],
  yellow: ['#7d4e00', '#d29922'],
  blue: ['#0550ae', '#58a6ff'],
  magenta: ['#8250df', '#bc8cff'],
  cyan: ['#1b7c83', '#39c5cf'],
  white: ['#57606a', '#b1bac4'],
} as const;
const COLOURS = Object.keys(PALETTE);

const FONT_SIZE = 14;
/** Of one character: a monospace font is about as wide. Every run is stretched to the exact width. */
const CELL = 8.4;
const LINE = 19;
const MARGIN = 16;
const TITLE_BAR = 28;

/**
 * A picture of terminal output as SVG, with a light and a dark look by the reader's setting. The text can be selected
 * and searched, and columns stay aligned whatever font the reader has.
 *
 * @param lines text with the escape sequences of colours; others than SGR are not known
 * @param title what screen readers read, and what stands in the title bar
 */
export function terminalSvg(lines: readonly string[], title: string): string {
  const rows = lines.map(runsOf);
  const columns = Math.max(
    ...rows.map((row) => row.reduce((end, run) => Math.max(end, run.column + displayWidth(run.text)), 0)),
  );
  const width = Math.ceil(columns * CELL + 2 * MARGIN);
  const height = TITLE_BAR + rows.length * LINE + MARGIN;
  const body = rows.flatMap((row, index) => row.map((run) => drawRun(run, TITLE_BAR + index * LINE)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${styleSheet()}</style>`,
    `<rect class="window" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...[0, 1, 2].map((index) => `<circle class="button" cx="${MARGIN + 2 + index * 16}" cy="15" r="5"/>`),
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

function styleSheet(): string {
  const looks = ['light', 'dark'].map((_, look) => {
    const colours = Object.entries(PALETTE).map(
      ([name, values]) => `.${name}{fill:${values[look]}}.on-${name}{fill:${values[look]}}`,
    );
    const [paper, ink, edge] = look === 0 ? ['#ffffff', '#1f2328', '#d0d7de'] : ['#0d1117', '#e6edf3', '#30363d'];
    return `.window{fill:${paper};stroke:${edge}}.button{fill:${edge}}text{fill:${ink}}.paper{fill:${paper}}.on-ink{fill:${ink}}${colours.join('')}`;
  });
  return (
    `text{font:${FONT_SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}` +
    `.bold{font-weight:bold}.dim{opacity:.65}${looks[0]}@media (prefers-color-scheme:dark){${looks[1]}}`
  );
}

function drawRun({ text, column, style }: Run, top: number): string {
  const x = round(MARGIN + column * CELL);
  const width = round(displayWidth(text) * CELL);
  const [ink, ground] = style.inverse
    ? [style.background ?? 'paper', style.colour ?? 'ink']
    : [style.colour, style.background];
  const parts: string[] = [];
  if (ground !== undefined)
    parts.push(`<rect class="on-${ground}" x="${x}" y="${top}" width="${width}" height="${LINE}"/>`);
  const classes = [
    // On a coloured ground the window's own colour is readable in both looks.
    ...(ground === undefined
      ? ink === undefined
        ? []
        : [ink]
      : [ink === undefined || ink === 'black' ? 'paper' : ink]),
    ...(style.bold ? ['bold'] : []),
    ...(style.dim ? ['dim'] : []),
  ];
  const name = classes.length > 0 ? ` class="${classes.join(' ')}"` : '';
  if (text.trim() !== '')
    parts.push(
      `<text${name} x="${x}" y="${round(top + LINE * 0.74)}" textLength="${width}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">${escapeXml(text)}</text>`,
    );
  return parts.join('');
}

/** The runs of a line: characters up to where their style changes, or where two blanks follow each other. */
function runsOf(line: string): Run[] {
  const runs: Run[] = [];
  let style = PLAIN;
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins an escape sequence
  for (const [, codes, text] of line.matchAll(/\u001b\[([\d;]*)m|([^\u001b]+)/g)) {
    if (text === undefined) {
      style = styleAfter(style, codes ?? '');
      continue;
    }
    const isPlain = style.background === undefined && !style.inverse;
    for (const part of isPlain ? text.split(/( {2,})/) : [text]) {
      if (part !== '' && !(isPlain && part.trim() === '')) runs.push({ text: part, column, style });
      column += displayWidth(part);
    }
  }
  return runs;
}

/** @throws {Error} for a code that no text of socklens has */
function styleAfter(before: Style, codes: string): Style {
  let style = before;
  for (const code of codes.split(';').map(Number)) {
    if (code === 0) style = PLAIN;
    else if (code === 1) style = { ...style, bold: true };
    else if (code === 2) style = { ...style, dim: true };
    else if (code === 7) style = { ...style, inverse: true };
    else if (code === 22) style = { ...style, bold: false, dim: false };
    else if (code === 27) style = { ...style, inverse: false };
    else if (code === 39) style = { ...style, colour: undefined };
    else if (code === 49) style = { ...style, background: undefined };
    else if (code >= 30 && code <= 37) style = { ...style, colour: COLOURS[code - 30] };
    else if (code >= 40 && code <= 47) style = { ...style, background: COLOURS[code - 40] };
    else throw new Error(`the picture has no style for SGR ${code}`);
  }
  return style;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
