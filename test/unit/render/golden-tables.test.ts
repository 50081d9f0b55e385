/**
 * Every table at 80 and 160 columns, against files that were checked by hand, and at other widths without. Coloured
 * cells are marked in the files as `{warning|16000}`.
 */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../src/base/display-width.ts';
import { comparisonText } from '../../../src/commands/compare/comparison-text.ts';
import { renderLimitsTable } from '../../../src/commands/limits/limits-table.ts';
import { frame } from '../../../src/commands/top/view/frame.ts';
import { initialState, type Level } from '../../../src/commands/top/view/state.ts';
import { WatchLines } from '../../../src/commands/watch/watch-lines.ts';
import { ByteWriter } from '../../../src/render/byte-writer.ts';
import { ClosedText } from '../../../src/render/closed-text.ts';
import { renderGroups } from '../../../src/render/group-table.ts';
import { renderOtherSockets } from '../../../src/render/other-table.ts';
import { renderOverview } from '../../../src/render/overview-table.ts';
import { renderInetSockets, renderUnixSockets } from '../../../src/render/socket-table.ts';
import { paint } from '../../../src/render/terminal/paint.ts';
import type { Line, Span } from '../../../src/render/terminal/screen.ts';
import {
  AT,
  CLOSED,
  CLOSED_SUMMARY,
  COMPARISON,
  GROUPS,
  LIMITS,
  NAMES,
  OTHER_SOCKETS,
  OVERVIEW,
  SOCKET_OPTIONS,
  SOCKETS,
  TOP_PEERS,
  TOP_ROWS,
  TOP_SOCKETS,
  UNIX_SOCKETS,
  WATCH_TICKS,
} from '../../support/table-data.ts';

type Draw = (columns: number | undefined, colour: boolean) => string;

function written(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter();
  write(out);
  return Buffer.from(out.bytes()).toString();
}

/** A block of lines, by its index, of a text with empty lines between blocks. */
function block(index: number, text: string): string {
  return `${text.split('\n\n')[index] ?? ''}\n`;
}

function top(level: Level): Draw {
  return (columns = 500, colour) => {
    const state = {
      ...initialState({ filter: '', intervalMs: 1000 }),
      level,
      opened: level === 'overview' ? undefined : NAMES[0],
    };
    const data = { atMs: AT.getTime(), rows: TOP_ROWS, peers: TOP_PEERS, sockets: TOP_SOCKETS };
    const lines = frame(state, data, { columns, rows: 27 }, colour);
    // Head and keys are covered by the tests of the frame.
    const attention = ({ style }: Span) => colour && (style === 'warning' || style === 'bad');
    const text = (line: Line) => line.map((span) => (attention(span) ? paint([span], true) : span.text)).join('');
    return `${lines
      .slice(5, -1)
      .map((line) => text(line).trimEnd())
      .join('\n')}\n`;
  };
}

const ENDS = { connections: true, beginnings: false, packets: false };

const TABLES: Readonly<Record<string, Draw>> = {
  ps: (columns, colour) => written((out) => renderOverview(out, OVERVIEW, columns, colour)),
  ls: (columns, colour) =>
    written((out) =>
      renderInetSockets(out, SOCKETS, { processes: false, names: SOCKET_OPTIONS.names, width: columns, colour }),
    ),
  'ls-p': (columns, colour) =>
    written((out) => renderInetSockets(out, SOCKETS, { ...SOCKET_OPTIONS, width: columns, colour })),
  'ls-x': (columns, colour) =>
    written((out) => renderUnixSockets(out, UNIX_SOCKETS, { ...SOCKET_OPTIONS, width: columns, colour })),
  'ls-other': (columns, colour) =>
    written((out) => renderOtherSockets(out, OTHER_SOCKETS, { ...SOCKET_OPTIONS, width: columns, colour })),
  limits: (columns, colour) =>
    block(
      0,
      written((out) => renderLimitsTable(out, LIMITS, { columns, colour, fix: false })),
    ),
  compare: (columns, colour) => block(1, comparisonText(COMPARISON, { columns, colour })),
  'ls-by': (columns, colour) => written((out) => renderGroups(out, GROUPS, columns, colour)),
  events: (columns, colour) =>
    written((out) => {
      const table = new ClosedText({ columns, colour }, undefined, ENDS);
      table.header(out);
      for (const closed of CLOSED) table.connection(out, closed);
    }),
  'events-summary': (columns, colour) =>
    written((out) => new ClosedText({ columns, colour }, undefined, ENDS).summary(out, CLOSED_SUMMARY)),
  watch: (columns, colour) => {
    const lines = new WatchLines({ output: { columns, colour }, targets: true, byState: true, intervalMs: 1000 });
    return WATCH_TICKS.map((tick) => lines.lines(tick)).join('');
  },
  'top-overview': top('overview'),
  'top-peers': top('peers'),
  'top-sockets': top('sockets'),
};

const FOLDER = path.resolve(import.meta.dirname, '../../fixtures/tables');
const STYLES: Readonly<Record<string, string>> = { '33': 'warning', '1;31': 'bad' };
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are replaced by what they mean
const ESCAPES = /\x1b\[([\d;]+)m(.*?)\x1b\[0m/g;
const marked = (text: string) =>
  text.replace(ESCAPES, (_, code: string, cell: string) => (STYLES[code] ? `{${STYLES[code]}|${cell}}` : cell));
const linesOf = (text: string) => text.trimEnd().split('\n');

describe.each(Object.entries(TABLES))('the table of %s', (name, draw) => {
  it.each([80, 160])('is as expected in %d columns', async (columns) => {
    await expect(marked(draw(columns, true))).toMatchFileSnapshot(path.join(FOLDER, `${name}-${columns}.txt`));
  });

  it('is never wider than the terminal, from 30 columns on', () => {
    for (let columns = 30; columns <= 240; columns++) {
      for (const line of linesOf(draw(columns, false))) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  it('has no escape sequence without colours, and the same text with them', () => {
    // Bars have letters instead of colours.
    if (name === 'top-overview' || name === 'top-peers') return;
    const plain = draw(100, false);
    expect(plain).not.toContain('\x1b');
    expect(draw(100, true).replace(ESCAPES, '$2')).toBe(plain);
  });

  it('has twenty distinct rows, and in a pipe everything in full', () => {
    for (const columns of [80, 100, 120, 160, 200, undefined]) {
      const rows = linesOf(draw(columns, false)).slice(1);
      const repeated = rows.filter((row) => /^(Time|Closed) /.test(row)).length;
      expect(new Set(rows).size).toBeGreaterThanOrEqual(rows.length - repeated);
    }
    if (name.startsWith('top')) return;
    const text = draw(undefined, false);
    expect(text.includes('…')).toBe(false);
  });
});

describe('names', () => {
  const first = (text: string) =>
    linesOf(text)
      .slice(1)
      .map((line) => line.split(/ {2,}/)[0]);

  it.each([60, 80, 100, 120, 160])('of ps are distinct in %d columns', (columns) => {
    expect(new Set(first(TABLES.ps?.(columns, false) ?? '')).size).toBe(NAMES.length);
  });

  it.each([80, 100, 120])(
    'of watch are distinct in %d columns, with CLOSE_WAIT and TIME_WAIT before LISTEN',
    (columns) => {
      const lines = linesOf(TABLES.watch?.(columns, false) ?? '');
      const targets = lines.filter((line) => /^\d/.test(line)).map((line) => line.split(/ {2,}/)[1]);
      for (const tick of [targets.slice(0, 20), targets.slice(20)]) expect(new Set(tick).size).toBe(NAMES.length);
      for (const header of lines.filter((line) => line.startsWith('Time'))) {
        expect(header).toMatch(/CLOSE_WAIT.*Descriptors/);
        if (header.includes('LISTEN')) expect(header).toContain('TIME_WAIT');
      }
    },
  );
});
