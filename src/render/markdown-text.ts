import { displayWidth, padToWidth } from '../base/display-width.ts';
import { wrapWords } from '../base/word-wrap.ts';
import { styled } from './terminal/paint.ts';

/** How Markdown is drawn. */
export interface MarkdownStyle {
  /** Terminal columns. */
  width: number;
  /** Whether headings are bold. */
  colour: boolean;
}

/** Blanks between two columns of a table. */
const GAP = 2;

/**
 * Markdown as text for a terminal: headings, paragraphs and lists wrapped at the width, aligned tables whose cells are
 * wrapped. Only what the pages of the rules contain is known; code in backticks keeps them.
 *
 * @returns lines, without newlines
 */
export function markdownText(markdown: string, { width, colour }: MarkdownStyle): string[] {
  const lines: string[] = [];
  const source = markdown.trimEnd().split('\n');
  for (let at = 0; at < source.length; ) {
    const line = source[at] ?? '';
    /** The lines from here on that match, without moving past the first. */
    const block = (isPart: (text: string) => boolean) => {
      const start = at++;
      while (at < source.length && isPart(source[at] ?? '')) at++;
      return source.slice(start, at);
    };
    const heading = /^#+ (.*)/.exec(line)?.[1];
    if (heading !== undefined) {
      lines.push(styled(inline(heading), 'bold', colour));
      at++;
    } else if (line.startsWith('```')) {
      const code = block((text) => !text.startsWith('```')).slice(1);
      lines.push(...code.map((text) => `  ${text}`));
      at++;
    } else if (line.startsWith('|'))
      lines.push(
        ...tableLines(
          block((text) => text.startsWith('|')),
          width,
        ),
      );
    else if (line.startsWith('* ')) {
      const item = block((text) => /^ +\S/.test(text)).map((text) => text.trim());
      lines.push(...wrapWords(inline(item.join(' ').slice(2)), width, '* '));
    } else if (line.trim() === '') {
      lines.push('');
      at++;
    } else {
      const paragraph = block((text) => text.trim() !== '' && !/^(#|\||\* |```)/.test(text));
      lines.push(...wrapWords(inline(paragraph.join(' ')), width));
    }
  }
  return lines;
}

/** Text without the marks of emphasis and links. */
function inline(text: string): string {
  return text.replace(/\*\*(.+?)\*\*/g, '$1').replace(/\[([^\]]+)\]\([^)]+\)/g, '$1');
}

/** A table: columns as wide as their cells; where that is too wide, cells of the widest columns are wrapped. */
function tableLines(source: readonly string[], width: number): string[] {
  const rows = source.filter((line) => !/^\|[\s|:-]+\|$/.test(line)).map(cellsOf);
  const columns = Math.max(...rows.map((row) => row.length));
  const cell = (row: readonly string[], column: number) => row[column] ?? '';
  const widths: number[] = [];
  const least: number[] = [];
  for (let column = 0; column < columns; column++) {
    widths.push(Math.max(...rows.map((row) => displayWidth(cell(row, column)))));
    least.push(Math.max(...rows.flatMap((row) => cell(row, column).split(' ').map(displayWidth))));
  }
  const total = () => widths.reduce((sum, one) => sum + one, GAP * (columns - 1));
  while (total() > width) {
    const spare = widths.map((one, column) => (one > (least[column] ?? 0) ? one : 0));
    const widest = spare.indexOf(Math.max(...spare));
    if (spare[widest] === 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return rows.flatMap((row) => {
    const cells = widths.map((columnWidth, column) => wrapWords(cell(row, column), columnWidth));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      widths
        .map((columnWidth, column) => padToWidth(cells[column]?.[line] ?? '', columnWidth))
        .join(' '.repeat(GAP))
        .trimEnd(),
    );
  });
}

/** The cells of a row; a bar in backticks, or after a backslash, is part of its cell. */
function cellsOf(row: string): string[] {
  const cells: string[] = [];
  let text = '';
  let isCode = false;
  const inner = row.trim().replace(/^\||\|$/g, '');
  for (let at = 0; at < inner.length; at++) {
    const char = inner[at] as string;
    if (char === '\\' && inner[at + 1] === '|') text += inner[++at];
    else if (char === '|' && !isCode) {
      cells.push(inline(text.trim()));
      text = '';
    } else {
      if (char === '`') isCode = !isCode;
      text += char;
    }
  }
  return [...cells, inline(text.trim())];
}
