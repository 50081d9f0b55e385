import { displayWidth } from '../../../base/display-width.ts';
import { safeText } from '../../../base/safe-text.ts';
import { sumOfCounts } from '../../../count/socket-counter.ts';
import { limitShare } from '../../../model/container/limits.ts';
import type { SocketCounts } from '../../../model/report/socket-counts.ts';
import type { TopRow } from '../../../model/report/top-rows.ts';
import { cellShortener } from '../../../render/columns.ts';
import type { Line, Span } from '../../../render/terminal/screen.ts';
import { descriptorBar, PARTS, partCounts, stateBar } from './bars.ts';
import { shortCount } from './short-count.ts';

/** Meters do not grow beyond this width. */
const MAX_WIDTH = 60;

/** The meters above the list: all sockets by state with a legend, and the process nearest to its descriptor limit. */
export function meterLines(rows: readonly TopRow[], width: number, colour: boolean): Line[] {
  const all = sumOfCounts(rows);
  const wide = Math.min(width - LABEL_WIDTH, MAX_WIDTH);
  const total = shortCount(all.total);
  const fullest = rows.reduce<TopRow | undefined>((best, row) => (share(row) > share(best) ? row : best), undefined);
  const files = descriptorBar(fullest?.descriptors, Math.min(wide, 30));
  return [
    [
      { text: 'Sockets '.padStart(LABEL_WIDTH), style: 'label' },
      ...stateBar(all, all.total, wide - total.length - 1, colour),
      { text: ` ${total}` },
    ],
    legend(all, colour),
    [
      { text: 'Files '.padStart(LABEL_WIDTH), style: 'label' },
      ...files,
      ...(fullest === undefined ? [] : [{ text: holderText(fullest, width - LABEL_WIDTH - widthOf(files)) }]),
    ],
  ];
}

const LABEL_WIDTH = 8;

function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + displayWidth(text), 0);
}

/** The process nearest to its limit and its row, ` web-1 PID 4242`, in at most `width` columns; empty for none. */
function holderText({ name, descriptors }: TopRow, width: number): string {
  if (descriptors === undefined) return '';
  const process = ` PID ${descriptors.pid}`;
  const room = width - process.length - 1;
  return room < MIN_NAME_WIDTH ? process : ` ${cellShortener('name')(safeText(name), room)}${process}`;
}

/** A shorter name says nothing. */
const MIN_NAME_WIDTH = 5;

function legend(counts: SocketCounts, colour: boolean): Line {
  const parts = partCounts(counts);
  return [
    { text: ' '.repeat(LABEL_WIDTH) },
    ...PARTS.flatMap(({ title, style, letter }, index): Span[] => {
      const count = parts[index] ?? 0;
      if (count === 0) return [];
      return [{ text: `${colour ? '|' : letter}`, style }, { text: `${title} ${shortCount(count)} ` }];
    }),
  ];
}

function share(row: TopRow | undefined): number {
  const use = row?.descriptors;
  return use === undefined ? -1 : (limitShare(use.used, use.softLimit) ?? 0);
}
