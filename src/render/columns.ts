import { displayWidth } from '../base/display-width.ts';
import { type Cut, type Cuttable, cutMiddle, Shortener, shortenAll, type Unlike } from '../base/shorten.ts';

/**
 * How the cells of a column are shortened: a name in the middle, so that names stay distinct within the table; an
 * endpoint with its port kept; `PID/name` with the PID kept, of several the first and how many more; of a list of names
 * the first and how many more.
 */
export type Shortening = 'name' | 'endpoint' | 'process' | 'list';

/** A column of a table, whatever prints it. */
export interface TableColumn {
  title: string;
  align: 'left' | 'right';
  /** Order in which columns are dropped where the terminal is too narrow, the lowest first; absent for never. */
  drop?: number;
  /** Absent where cells are never shortened while a column can be dropped. */
  shorten?: Shortening;
  /** Terminal columns down to which cells are shortened before another column is dropped; by default that of their kind. */
  least?: number;
}

/** Default of {@link TableColumn.least}. */
const LEAST: Readonly<Record<Shortening, number>> = { name: 14, endpoint: 16, process: 13, list: 10 };

/** Width of a column before it is fitted. */
export interface Fitting {
  /** Terminal columns of its widest cell or its title; 0 for a column that is not shown. */
  width: number;
  /** Terminal columns that it keeps before another column is dropped; absent for all. */
  least?: number | undefined;
  /** As {@link TableColumn.drop}. */
  drop?: number | undefined;
}

/** The width of a column's widest cell with how it gives way. */
export function fittingOf({ shorten, least, drop }: TableColumn, width: number): Fitting {
  return { width, drop, least: shorten === undefined ? undefined : (least ?? LEAST[shorten]) };
}

/** Blanks between two columns. */
export const GAP = 2;

/** Width below which shortened cells are hard to read. */
const READABLE = 8;

/**
 * Fits columns into a terminal: drops them in their order until the rest has its least width, then narrows the widest
 * ones. Where nothing can be dropped any more, cells get narrower than their least width.
 *
 * @param limit terminal columns; undefined for no limit
 * @returns the width of each column, 0 for a dropped one; with gaps their sum is at most `limit`
 */
export function fitColumns(columns: readonly Fitting[], limit: number | undefined, gap = GAP): number[] {
  const widths = columns.map(({ width }) => width);
  if (limit === undefined) return widths;
  const least = columns.map((column) => Math.min(column.width, column.least ?? column.width));
  const order = columns.flatMap(({ drop, width }, index) =>
    drop === undefined || width === 0 ? [] : [{ drop, index }],
  );
  for (const { index } of order.sort((a, b) => a.drop - b.drop)) {
    if (totalWidth(least, gap) <= limit) break;
    widths[index] = 0;
    least[index] = 0;
  }
  narrow(widths, least, limit, gap);
  const shortened = (floor: number) =>
    widths.map((width, index) => (columns[index]?.least === undefined ? width : Math.min(width, floor)));
  narrow(widths, shortened(READABLE), limit, gap);
  narrow(widths, shortened(1), limit, gap);
  narrow(
    widths,
    widths.map((width) => Math.min(width, 1)),
    limit,
    gap,
  );
  for (let index = widths.length - 1; index > 0 && totalWidth(widths, gap) > limit; index--) widths[index] = 0;
  return widths;
}

/** Terminal columns of a row; columns of width 0 are not in it. */
export function totalWidth(widths: readonly number[], gap = GAP): number {
  return widths.reduce((sum, width) => (width === 0 ? sum : sum + width + gap), -gap);
}

/** Narrows the widest columns, down to their floors, until all fit. */
function narrow(widths: number[], floors: readonly number[], limit: number, gap: number): void {
  for (let excess = totalWidth(widths, gap) - limit; excess > 0; ) {
    const wider = widths.flatMap((width, index) => (width > (floors[index] ?? 0) ? [{ width, index }] : []));
    const [widest, next] = wider.sort((a, b) => b.width - a.width);
    if (widest === undefined) return;
    const floor = Math.max(floors[widest.index] ?? 0, Math.min(next?.width ?? 0, widest.width - 1));
    const narrowed = Math.max(floor, widest.width - excess);
    excess -= widest.width - narrowed;
    widths[widest.index] = narrowed;
  }
}

/** Shortens the cells of a column. @returns by the cell's text */
export function shortenCells(cells: Iterable<string>, width: number, kind: Shortening): Map<string, string> {
  const lists: string[] = [];
  const others: string[] = [];
  for (const cell of new Set(cells)) (isList(cell, kind) ? lists : others).push(cell);
  const shortened = shortenAll(others, width, CUTS[kind]);
  for (const cell of lists) shortened.set(cell, shortenList(cell, width, kind));
  return shortened;
}

/** Shortens the cells of a column that arrive one after the other, to a width that may change. */
export function cellShortener(kind: Shortening): (cell: string, width: number) => string {
  const shortener = new Shortener(0, CUTS[kind]);
  return (cell, width) => {
    if (isList(cell, kind)) return shortenList(cell, width, kind);
    shortener.setWidth(width);
    return shortener.shorten(cell);
  };
}

/** Lists may become equal: different ones can begin alike. */
function isList(cell: string, kind: Shortening): boolean {
  return (kind === 'process' || kind === 'list') && cell.includes(',');
}

function shortenList(cell: string, width: number, kind: Shortening): string {
  return new Shortener(width, CUTS[kind]).shorten(cell);
}

const CUTS: Readonly<Record<Shortening, Cut>> = {
  name: (text, width, unlike) => cutMiddle({ head: '', middle: text, tail: '' }, width, unlike),
  endpoint: (text, width, unlike) => {
    const tail = /(?::[^\]:]*)?(?: \(\d+\))?$/.exec(text)?.[0] ?? '';
    return cutMiddle({ head: '', middle: text.slice(0, text.length - tail.length), tail }, width, unlike);
  },
  process: (text, width, unlike) => cutList(text, width, processParts, unlike),
  list: (text, width, unlike) => cutList(text, width, (item, tail) => ({ head: '', middle: item, tail }), unlike),
};

/** As many items as fit and the number of the others; else the first one, shortened. */
function cutList(
  text: string,
  width: number,
  parts: (item: string, tail: string, width: number) => Cuttable,
  unlike: Unlike | undefined,
): string {
  const items = text.split(',');
  // A list may end in the number of items that it leaves out.
  const [, left] = /^\+(\d+)$/.exec(items.at(-1) ?? '') ?? [];
  if (left !== undefined) items.pop();
  const more = (shown: number) => {
    const others = items.length - shown + Number(left ?? 0);
    return others === 0 ? '' : `,+${others}`;
  };
  for (let shown = items.length - 1; shown > 0; shown--) {
    const cut = items.slice(0, shown).join(',') + more(shown);
    if (displayWidth(cut) <= width) return cut;
  }
  return cutMiddle(parts(items[0] ?? '', more(1), width), width, unlike);
}

/** Least width for the container in front of a process. */
const CONTAINER_WIDTH = 6;

/** `23042/nginx` or `web-1 23042/nginx`: the container is shortened before the process. */
function processParts(text: string, tail: string, width: number): Cuttable {
  const [, container = '', pid, name = ''] = /^(?:(.*) )?(\d+\/)(.*)$/.exec(text) ?? [];
  if (pid === undefined) return { head: '', middle: text, tail };
  const process = ` ${pid}${name}${tail}`;
  if (container !== '' && width - process.length >= CONTAINER_WIDTH)
    return { head: '', middle: container, tail: process };
  return { head: pid, middle: name, tail };
}
