/** Rows of `top` for tests, and what a frame of them reads like. */

import { reduceKey } from '../../../../../src/commands/top/view/reduce-key.ts';
import type { KeyContext } from '../../../../../src/commands/top/view/selection.ts';
import type { TopState } from '../../../../../src/commands/top/view/state.ts';
import type { TopData, TopPeerRow, TopRow, TopSocketRow } from '../../../../../src/model/report/top-rows.ts';
import type { Line } from '../../../../../src/render/terminal/screen.ts';

export const AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

export function row(name: string, byState: Record<string, number>, more: Partial<TopRow> = {}): TopRow {
  const total = Object.values(byState).reduce((sum, count) => sum + count, 0);
  return {
    id: name,
    name,
    runtime: 'docker',
    netns: 1,
    shared: false,
    total,
    tcp: total,
    udp: 0,
    raw: 0,
    unix: 0,
    byState,
    snapshotAtMs: AT_MS,
    history: [total],
    ...more,
  };
}

export function peer(name: string, byState: Record<string, number>): TopPeerRow {
  const { total } = row(name, byState);
  const counts = { total, tcp: total, udp: 0, raw: 0, unix: 0, byState };
  return { id: name, peer: name, direction: 'out', service: 'mysql', ...counts, history: [1, total] };
}

export function socket(id: string): TopSocketRow {
  const ends = { local: `10.0.0.1:${id}`, peer: 'db:mysql', state: 'ESTABLISHED' };
  return { id, proto: 'tcp', ...ends, receiveQueue: 0, sendQueue: 0, process: '42/web' };
}

export function data(rows: readonly TopRow[], more: Partial<TopData> = {}): TopData {
  return { atMs: AT_MS, rows, ...more };
}

/** The text of lines, without styles. */
export function textOf(lines: readonly Line[]): string[] {
  return lines.map((line) => line.map(({ text }) => text).join(''));
}

/** A state after keys that are pressed on rows of these ids. */
export function pressed(state: TopState, keys: readonly string[], ids: readonly string[], page = 5): TopState {
  const context: KeyContext = {
    rows: ids.map((id) => ({ id, text: id })),
    page,
    columns: [{ id: 'name', key: 'N' }, { id: 'sockets', key: 'P' }, { id: 'estab' }],
    checkFilter: (text) => (text === 'good' || text === '' ? undefined : { message: 'no filter', at: 0, length: 3 }),
  };
  return keys.reduce((current, key) => reduceKey(current, key, context), state);
}
