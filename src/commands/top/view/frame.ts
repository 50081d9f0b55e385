import { clockText, durationText } from '../../../base/duration.ts';
import { plural } from '../../../base/plural.ts';
import { safeText } from '../../../base/safe-text.ts';
import type { TopData, TopRow } from '../../../model/report/top-rows.ts';
import { fitted, fittedLine, twoEnds } from '../../../render/terminal/cell.ts';
import type { Line, Size } from '../../../render/terminal/screen.ts';
import { ageText } from './columns.ts';
import { footerLines } from './footer.ts';
import { helpLines } from './help.ts';
import { levelLines, sortColumns } from './levels.ts';
import { meterLines } from './meters.ts';
import type { TopState } from './state.ts';

/** Rows that a terminal needs for the meters to be shown. */
const MIN_ROWS_WITH_METERS = 12;

/** A frame: one line for each row of the terminal, each as wide as the terminal. */
export function frame(state: TopState, data: TopData, size: Size, colour: boolean): Line[] {
  const { columns: width, rows: height } = size;
  const top = headLines(state, data, size, colour);
  const bottom = footerLines(state, width);
  const left = Math.max(0, height - top.length - bottom.length);
  const middle = state.help ? helpLines(width, left, colour) : listAndMenu(state, data, width, left, colour);
  return [...top, ...middle, ...bottom].slice(0, height);
}

/** Number of list rows that fit on the screen; at least 1. */
export function pageRows(state: TopState, data: TopData, size: Size): number {
  const used = headLines(state, data, size, false).length + footerLines(state, size.columns).length;
  return Math.max(1, size.rows - used - 1);
}

function listAndMenu(state: TopState, data: TopData, width: number, height: number, colour: boolean): Line[] {
  if (height === 0) return [];
  if (state.menu === undefined) return levelLines(state, data, width, height, colour);
  const menu = menuLines(sortColumns(state.level), state.menu, height);
  const list = levelLines(state, data, Math.max(0, width - MENU_WIDTH - 1), height, colour);
  return list.map((line, index) => fittedLine([...(menu[index] ?? []), { text: ' ' }, ...line], width));
}

function headLines(state: TopState, data: TopData, { columns: width, rows }: Size, colour: boolean): Line[] {
  const opened = data.rows.find(({ id }) => id === state.opened);
  const every = `every ${durationText(state.intervalMs)}${openedAgeText(opened, data.atMs)}`;
  const when = `${every}  ${clockText(new Date(data.atMs)).slice(0, 8)}`;
  const title = twoEnds(
    [{ text: 'socklens top', style: 'bold' }, { text: `  ${locationText(state, data)}` }],
    [{ text: state.paused ? ' PAUSED' : '', style: 'warning' }, { text: `  ${when}` }],
    width,
  );
  if (state.help || rows < MIN_ROWS_WITH_METERS) return [title];
  const meters = meterLines(opened === undefined ? data.rows : [opened], width, colour);
  return [title, ...meters.map((line) => fittedLine(line, width)), noteLine(state, data, width)];
}

/** Age of the opened row, where it is not that of the tick: a recording, or a namespace that cannot be read. */
function openedAgeText(opened: TopRow | undefined, atMs: number): string {
  if (opened?.snapshotAtMs === undefined) return '';
  const age = ageText(atMs - opened.snapshotAtMs);
  return age === 'now' ? '' : `, counts ${age} old`;
}

/** Title of what is shown: the number of rows, or whose peers or sockets. Safe for a terminal. */
function locationText({ level, opened, peer }: TopState, data: TopData): string {
  const { rows, peers = [], moreSockets = 0, isReading } = data;
  if (isReading) return 'reading …';
  if (level === 'overview') return plural(rows.length, 'row');
  const name = safeText(rows.find(({ id }) => id === opened)?.name ?? 'stopped');
  if (level === 'peers') return `${name}: peers`;
  const more = moreSockets > 0 ? ` (${moreSockets} more not listed)` : '';
  if (peer === undefined) return `${name}: all sockets${more}`;
  const row = peers.find(({ id }) => id === peer);
  const of = row === undefined ? peer : `${row.peer} ${row.direction === 'out' ? '→' : '←'} ${row.service}`;
  return `${name}: sockets of ${safeText(of)}${more}`;
}

/** The filter in effect, and the current note. */
function noteLine({ filter, level }: TopState, { note, peers, sockets }: TopData, width: number): Line {
  const isPending = (level === 'peers' && peers === undefined) || (level === 'sockets' && sockets === undefined);
  const shown = isPending ? 'not read yet' : note;
  return fittedLine(
    [
      ...(filter === '' ? [] : [{ text: `Filter: ${safeText(filter)}  `, style: 'warning' } as const]),
      ...(shown === undefined ? [] : [{ text: safeText(shown), style: 'dim' } as const]),
    ],
    width,
  );
}

/** Width of the menu in terminal columns. */
const MENU_WIDTH = 14;

/** The menu of columns to sort by, at the left as in htop. */
function menuLines(columns: readonly { title: string }[], selected: number, height: number): Line[] {
  const page = height - 1;
  const offset = Math.max(0, selected - page + 1);
  const lines: Line[] = [[{ text: fitted('Sort by', MENU_WIDTH), style: 'heading' }]];
  for (const [index, { title }] of columns.slice(offset, offset + page).entries()) {
    const text = fitted(title, MENU_WIDTH);
    lines.push([{ text, ...(offset + index === selected && { style: 'selected' as const }) }]);
  }
  while (lines.length < height) lines.push([{ text: ' '.repeat(MENU_WIDTH) }]);
  return lines;
}
