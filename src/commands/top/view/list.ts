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
  const placed = placeColumns(columns, width);
  const page = height - 1;
  const selected = selectedIndex(rows, state);
  const offset = offsetFor(state.offset, selected, rows.length, page);
  const lines: Line[] = [heading(placed, state, width)];
  for (const [index, row] of rows.slice(offset, offset + page).entries()) {
    lines.push(rowLine(placed, row, context, width, offset + index === selected));
  }
  while (lines.length < height) lines.push(fittedLine([], width));
  return lines.slice(0, height);
}

function heading<Row>(columns: readonly PlacedColumn<Row>[], { sort, inverted }: ListState, width: number): Line {
  const spans = columns.flatMap(({ id, title, align, placed }, index): Span[] => {
    const sorted = id === sort;
    const mark = sorted && title.length < placed ? (inverted ? '△' : '▽') : '';
    const text = fitted(align === 'left' ? title + mark : mark + title, placed, align);
    const gap: Span[] = index === 0 ? [] : [{ text: ' '.repeat(GAP), style: 'heading' }];
    return [...gap, { text, style: sorted ? 'sorted' : 'heading' }];
  });
  const used = spans.reduce((sum, { text }) => sum + text.length, 0);
  return fittedLine([...spans, { text: ' '.repeat(Math.max(0, width - used)), style: 'heading' }], width);
}

function rowLine<Row>(
  columns: readonly PlacedColumn<Row>[],
  row: Row,
  context: CellContext,
  width: number,
  selected: boolean,
): Line {
  const spans: Span[] = [];
  for (const [index, column] of columns.entries()) {
    if (index > 0) spans.push({ text: ' '.repeat(GAP) });
    const cell = column.cell(row, column.placed, context);
    if (typeof cell === 'string') spans.push({ text: fitted(cell, column.placed, column.align) });
    else spans.push(...cell);
  }
  const line = fittedLine(spans, width);
  // As in htop, the selected row has one colour.
  return selected ? [{ text: line.map(({ text }) => text).join(''), style: 'selected' }] : line;
}
