import type { TopData, TopRow } from '../../model/top-rows.ts';
import { clockText, durationText } from '../quantity-text.ts';
import { safeText } from '../safe-text.ts';
import { fitted, fittedLine, twoEnds } from './cell.ts';
import type { CellContext, Column } from './column.ts';
import { OVERVIEW_COLUMNS, PEER_COLUMNS, SOCKET_COLUMNS } from './columns.ts';
import { footerLines } from './footer.ts';
import { helpLines } from './help.ts';
import { listLines } from './list.ts';
import { meterLines } from './meters.ts';
import { ordered } from './order.ts';
import type { Line, Size } from './screen.ts';
import { currentList, type Level, type TopState } from './state.ts';

/** A terminal smaller than this shows what fits and no more. */
const LEAST_ROWS_WITH_METERS = 12;

/** Everything on the screen: as many lines as it has rows, each as wide as its columns. */
export function frame(state: TopState, data: TopData, size: Size, colour: boolean): Line[] {
  const { columns: width, rows: height } = size;
  const top = headLines(state, data, size, colour);
  const bottom = footerLines(state, width);
  const left = Math.max(0, height - top.length - bottom.length);
  const middle = state.help ? helpLines(width, left, colour) : listOf(state, data, width, left, colour);
  return [...top, ...middle, ...bottom].slice(0, height);
}

/** How many rows of the list fit on the screen. */
export function pageRows(state: TopState, data: TopData, size: Size): number {
  const used = headLines(state, data, size, false).length + footerLines(state, size.columns).length;
  return Math.max(1, size.rows - used - 1);
}

/** The rows of the shown level in their order, with what is searched. */
export function shownRows(state: TopState, data: TopData): { id: string; text: string }[] {
  const list = currentList(state);
  switch (state.level) {
    case 'overview':
      return ordered(data.rows, OVERVIEW_COLUMNS, list).map(({ id, name }) => ({ id, text: name }));
    case 'peers':
      return ordered(data.peers ?? [], PEER_COLUMNS, list).map(({ id, peer, service }) => ({
        id,
        text: `${peer} ${service}`,
      }));
    case 'sockets':
      return ordered(data.sockets ?? [], SOCKET_COLUMNS, list).map(({ id, local, peer, state: name, process }) => ({
        id,
        text: `${local} ${peer} ${name} ${process}`,
      }));
  }
}

/** The columns that can order a level. */
export function orderColumns(level: Level): { id: string; title: string; key: string | undefined }[] {
  const columns: readonly Column<never>[] = {
    overview: OVERVIEW_COLUMNS,
    peers: PEER_COLUMNS,
    sockets: SOCKET_COLUMNS,
  }[level];
  return columns.filter(({ order }) => order !== undefined).map(({ id, title, key }) => ({ id, title, key }));
}

function headLines(state: TopState, data: TopData, { columns: width, rows }: Size, colour: boolean): Line[] {
  const entered = data.rows.find(({ id }) => id === state.entered);
  const pause = state.paused ? 'PAUSED  ' : '';
  const title = twoEnds(
    [{ text: 'socklens top', style: 'bold' }, { text: `  ${whereText(state, data, entered)}` }],
    [
      { text: pause, style: 'warning' },
      { text: `every ${durationText(state.intervalMs)}  ${clockText(new Date(data.atMs)).slice(0, 8)}` },
    ],
    width,
  );
  if (rows < LEAST_ROWS_WITH_METERS) return [title];
  const meters = meterLines(entered === undefined ? data.rows : [entered], width, colour);
  return [title, ...meters.map((line) => fittedLine(line, width)), remarkLine(state, data, width)];
}

function whereText(state: TopState, { rows, moreSockets = 0 }: TopData, entered: TopRow | undefined): string {
  if (state.level === 'overview') return `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
  const name = safeText(entered?.name ?? 'gone');
  if (state.level === 'peers') return `${name}: peers`;
  const more = moreSockets > 0 ? ` (${moreSockets} more are not listed)` : '';
  return `${name}: ${state.peer === undefined ? 'all sockets' : `sockets of ${safeText(peerText(state.peer))}`}${more}`;
}

/** The id of a peer begins with what tells it apart inside; see `analyze/top-peers.ts`. */
function peerText(id: string): string {
  return id.slice(id.indexOf(' ') + 1);
}

/** The filter, and what a person should know. */
function remarkLine({ filter, level }: TopState, { note, peers, sockets }: TopData, width: number): Line {
  const waits = (level === 'peers' && peers === undefined) || (level === 'sockets' && sockets === undefined);
  const shown = waits ? 'not read yet' : note;
  return fittedLine(
    [
      ...(filter === '' ? [] : [{ text: `Filter: ${safeText(filter)}  `, style: 'warning' } as const]),
      ...(shown === undefined ? [] : [{ text: safeText(shown), style: 'dim' } as const]),
    ],
    width,
  );
}

function listOf(state: TopState, data: TopData, width: number, height: number, colour: boolean): Line[] {
  if (height === 0) return [];
  const list = currentList(state);
  const context = (rows: readonly { total: number }[]): CellContext => ({
    ...{ atMs: data.atMs, colour },
    largest: rows.reduce((most, { total }) => Math.max(most, total), 0),
  });
  const menu = state.menu === undefined ? undefined : menuLines(state, state.menu, height);
  const menuWidth = menu === undefined ? 0 : MENU_WIDTH + 1;
  const left = Math.max(0, width - menuWidth);
  const lines = listAt(state.level, left);
  if (menu === undefined) return lines;
  return lines.map((line, index) => fittedLine([...(menu[index] ?? []), { text: ' ' }, ...line], width));

  function listAt(level: Level, wide: number): Line[] {
    switch (level) {
      case 'overview': {
        const { rows } = data;
        return listLines({ columns: OVERVIEW_COLUMNS, rows, state: list, context: context(rows) }, wide, height);
      }
      case 'peers': {
        const rows = data.peers ?? [];
        return listLines({ columns: PEER_COLUMNS, rows, state: list, context: context(rows) }, wide, height);
      }
      case 'sockets': {
        const rows = data.sockets ?? [];
        return listLines({ columns: SOCKET_COLUMNS, rows, state: list, context: context([]) }, wide, height);
      }
    }
  }
}

const MENU_WIDTH = 14;

/** The columns to sort by, as htop lists them at the left. */
function menuLines(state: TopState, chosen: number, height: number): Line[] {
  const columns = orderColumns(state.level);
  const page = height - 1;
  const offset = Math.max(0, chosen - page + 1);
  const lines: Line[] = [[{ text: fitted('Sort by', MENU_WIDTH), style: 'heading' }]];
  for (const [index, { title }] of columns.slice(offset, offset + page).entries()) {
    const text = fitted(title, MENU_WIDTH);
    lines.push([{ text, ...(offset + index === chosen && { style: 'selected' as const }) }]);
  }
  while (lines.length < height) lines.push([{ text: ' '.repeat(MENU_WIDTH) }]);
  return lines;
}
