import { displayWidth } from '../../../base/display-width.ts';
import { safeText } from '../../../base/safe-text.ts';
import { shortenCells } from '../../../render/columns.ts';
import { fitted, fittedLine } from '../../../render/terminal/cell.ts';
import type { Line, Span } from '../../../render/terminal/screen.ts';
import { type CellContext, type Column, GAP, type PlacedColumn, placeColumns } from './column.ts';
import { offsetFor, ordered, selectedIndex } from './order.ts';
import type { ListState } from './state.ts';

/** A list to show. */
export interface List<Row> {
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  state: ListState;
  context: CellContext;
}

/** The lines of a list: heading and rows, `height` lines in all. */
export function listLines<Row extends { id: string }>(list: List<Row>, width: number, height: number): Line[] {
  const { columns, state, context } = list;
  const rows = ordered(list.rows, columns, state);
  const placed = placeColumns(columns, rows, width, context);
  const page = height - 1;
  const selected = selectedIndex(rows, state);
  const offset = offsetFor(state.offset, selected, rows.length, page);
  const lines: Line[] = [heading(placed, state, width)];
  const shown = rows.slice(offset, offset + page);
  const texts = placed.map((column) => cellTexts(column, shown, context));
  for (const [index, row] of shown.entries()) {
    const cells = placed.map((column, at) => cellSpans(column, row, texts[at]?.[index] ?? '', context));
    lines.push(rowLine(cells, width, offset + index === selected));
  }
  while (lines.length < height) lines.push(fittedLine([], width));
  return lines.slice(0, height);
}

function heading<Row>(columns: readonly PlacedColumn<Row>[], { sort, inverted }: ListState, width: number): Line {
  const spans = columns.flatMap(({ column: { id, title, align }, width: placed }, index): Span[] => {
    const sorted = id === sort;
    const mark = sorted && title.length < placed ? (inverted ? '△' : '▽') : '';
    const text = fitted(align === 'left' ? title + mark : mark + title, placed, align);
    const gap: Span[] = index === 0 ? [] : [{ text: ' '.repeat(GAP), style: 'heading' }];
    return [...gap, { text, style: sorted ? 'sorted' : 'heading' }];
  });
  const used = spans.reduce((sum, { text }) => sum + text.length, 0);
  return fittedLine([...spans, { text: ' '.repeat(Math.max(0, width - used)), style: 'heading' }], width);
}

/** The texts of a column's cells, shortened so that those on the screen are distinct; none for drawings. */
function cellTexts<Row>({ column, width }: PlacedColumn<Row>, rows: readonly Row[], context: CellContext): string[] {
  const { cell, shorten } = column;
  if ('draw' in cell) return [];
  const texts = rows.map((row) => safeText(cell.text(row, context)));
  if (shorten === undefined || texts.every((text) => displayWidth(text) <= width)) return texts;
  const shortened = shortenCells(texts, width, shorten);
  return texts.map((text) => shortened.get(text) ?? text);
}

function cellSpans<Row>(
  { column: { cell, align }, width }: PlacedColumn<Row>,
  row: Row,
  text: string,
  context: CellContext,
): readonly Span[] {
  if ('draw' in cell) return cell.draw(row, width, context);
  const style = cell.style?.(row);
  return [{ text: fitted(text, width, align), ...(style !== undefined && { style }) }];
}

function rowLine(cells: readonly (readonly Span[])[], width: number, selected: boolean): Line {
  const spans = cells.flatMap((cell, index) => (index === 0 ? cell : [{ text: ' '.repeat(GAP) }, ...cell]));
  const line = fittedLine(spans, width);
  // As in htop, the selected row has one colour.
  return selected ? [{ text: line.map(({ text }) => text).join(''), style: 'selected' }] : line;
}
