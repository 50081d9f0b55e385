import { displayWidth, padToWidth } from '../../base/display-width.ts';
import { wrapWords } from '../../base/word-wrap.ts';
import { styled } from '../terminal/paint.ts';
import { type MarkdownBlock, parseMarkdown, withoutMarks } from './parse-markdown.ts';

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
 * wrapped. Code in backticks keeps them.
 *
 * @returns lines, without newlines
 */
export function markdownText(markdown: string, style: MarkdownStyle): string[] {
  return parseMarkdown(markdown).flatMap((block) => blockLines(block, style));
}

function blockLines(block: MarkdownBlock, { width, colour }: MarkdownStyle): string[] {
  switch (block.kind) {
    case 'heading':
      return [styled(withoutMarks(block.text), 'bold', colour)];
    case 'paragraph':
      return wrapWords(withoutMarks(block.text), width);
    case 'item':
      return wrapWords(withoutMarks(block.text), width, '* ');
    case 'code':
      return block.lines.map((text) => `  ${text}`);
    case 'table':
      return tableLines(block.rows, width);
    case 'blank':
      return [''];
  }
}

/** A table: columns as wide as their cells; where that is too wide, cells of the widest columns are wrapped. */
function tableLines(source: readonly (readonly string[])[], width: number): string[] {
  const rows = source.map((row) => row.map(withoutMarks));
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
