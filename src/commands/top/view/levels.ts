import type { TopData } from '../../../model/report/top-rows.ts';
import type { Line } from '../../../render/terminal/screen.ts';
import type { Column } from './column.ts';
import { OVERVIEW_COLUMNS, PEER_COLUMNS, SOCKET_COLUMNS } from './columns.ts';
import { listLines } from './list.ts';
import { ordered } from './order.ts';
import { currentList, type Level, type TopState } from './state.ts';

/** The rows of the shown level in display order, with the text that a search looks through. */
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

/** The columns that a level can be sorted by. */
export function sortColumns(level: Level): { id: string; title: string; key: string | undefined }[] {
  const columns: readonly Column<never>[] = {
    overview: OVERVIEW_COLUMNS,
    peers: PEER_COLUMNS,
    sockets: SOCKET_COLUMNS,
  }[level];
  return columns.filter(({ order }) => order !== undefined).map(({ id, title, key }) => ({ id, title, key }));
}

/** The list of the shown level: heading and rows, `height` lines in all. */
export function levelLines(state: TopState, data: TopData, width: number, height: number, colour: boolean): Line[] {
  const list = currentList(state);
  const context = (rows: readonly { total: number }[]) => ({
    atMs: data.atMs,
    colour,
    largest: rows.reduce((most, { total }) => Math.max(most, total), 0),
  });
  switch (state.level) {
    case 'overview': {
      const { rows } = data;
      return listLines({ columns: OVERVIEW_COLUMNS, rows, state: list, context: context(rows) }, width, height);
    }
    case 'peers': {
      const { peers: rows = [] } = data;
      return listLines({ columns: PEER_COLUMNS, rows, state: list, context: context(rows) }, width, height);
    }
    case 'sockets': {
      const { sockets: rows = [] } = data;
      return listLines({ columns: SOCKET_COLUMNS, rows, state: list, context: context([]) }, width, height);
    }
  }
}
