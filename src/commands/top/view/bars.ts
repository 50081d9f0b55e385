import { fitToWidth } from '../../../base/display-width.ts';
import { limitShare } from '../../../model/container/limits.ts';
import type { DescriptorUse } from '../../../model/report/overview.ts';
import type { SocketCounts } from '../../../model/report/socket-counts.ts';
import { descriptorStyle } from '../../../render/attention.ts';
import type { Span, Style } from '../../../render/terminal/screen.ts';
import { shortCount } from './short-count.ts';

/** Socket states that a bar shows as one segment. */
export interface Part {
  style: Style;
  /** The character that draws it without colours. */
  letter: string;
  title: string;
  states: readonly string[];
}

/** The segments of a bar, from left to right. The last one counts all sockets in no other: UDP, RAW, CLOSE. */
export const PARTS: readonly Part[] = [
  { style: 'established', letter: 'E', title: 'Estab', states: ['ESTABLISHED'] },
  { style: 'listen', letter: 'L', title: 'Listen', states: ['LISTEN'] },
  { style: 'opening', letter: 'S', title: 'Syn', states: ['SYN_SENT', 'SYN_RECV'] },
  { style: 'close-wait', letter: 'C', title: 'CloseWait', states: ['CLOSE_WAIT'] },
  { style: 'closing', letter: 'F', title: 'Closing', states: ['FIN_WAIT1', 'FIN_WAIT2', 'LAST_ACK', 'CLOSING'] },
  { style: 'time-wait', letter: 'T', title: 'TimeWait', states: ['TIME_WAIT'] },
  { style: 'other', letter: 'o', title: 'Other', states: [] },
];

/** Number of sockets in each of {@link PARTS}. */
export function partCounts({ total, byState }: SocketCounts): number[] {
  const counts = PARTS.map(({ states }) => states.reduce((sum, state) => sum + (byState[state] ?? 0), 0));
  const named = counts.reduce((sum, count) => sum + count, 0);
  counts[counts.length - 1] = Math.max(0, total - named);
  return counts;
}

/**
 * Counts as a bar in brackets. A segment with at least one socket is at least one character wide where
 * there is room, so that a few sockets in CLOSE_WAIT among thousands stay visible.
 *
 * @param full the total that fills the whole bar
 */
export function stateBar(counts: SocketCounts, full: number, width: number, colour: boolean): Span[] {
  const inner = width - 2;
  if (inner <= 0) return [{ text: ' '.repeat(Math.max(width, 0)) }];
  const lengths = partLengths(partCounts(counts), Math.max(full, counts.total), inner);
  const bars = PARTS.flatMap(({ style, letter }, index) => {
    const length = lengths[index] ?? 0;
    return length === 0 ? [] : [{ text: (colour ? '|' : letter).repeat(length), style }];
  });
  const used = lengths.reduce((sum, length) => sum + length, 0);
  return [{ text: '[', style: 'bold' }, ...bars, { text: ' '.repeat(inner - used) }, { text: ']', style: 'bold' }];
}

/** Width of each segment; the sum is at most `inner`. */
function partLengths(counts: readonly number[], full: number, inner: number): number[] {
  if (full === 0) return counts.map(() => 0);
  let sum = 0;
  // Rounding the cumulated sums instead of each count leaves no gap at the end of a full bar.
  const lengths = counts.map((count) => {
    const start = Math.round((sum / full) * inner);
    sum += count;
    return count === 0 ? 0 : Math.max(1, Math.round((sum / full) * inner) - start);
  });
  for (let excess = lengths.reduce((sum, length) => sum + length, 0) - inner; excess > 0; excess--) {
    const longest = lengths.indexOf(Math.max(...lengths));
    lengths[longest] = (lengths[longest] ?? 1) - 1;
  }
  return lengths;
}

/** A meter as htop draws it, `[||||   63/1024]`: descriptors of the process nearest to its limit. */
export function descriptorBar(use: DescriptorUse | undefined, width: number): Span[] {
  if (use === undefined) return [{ text: '-'.padStart(width), style: 'dim' }];
  const { used, softLimit } = use;
  const inner = width - 2;
  const exact = softLimit === null ? `${used}` : `${used}/${softLimit}`;
  const short = softLimit === null ? shortCount(used) : `${shortCount(used)}/${shortCount(softLimit)}`;
  const text = exact.length <= inner ? exact : short;
  const attention = descriptorStyle(use);
  const marked = attention !== undefined && { style: attention };
  if (inner < text.length) return [{ text: fitToWidth(text, width, 'right'), ...marked }];
  const share = Math.min(1, limitShare(used, softLimit) ?? 0);
  const filled = share === 0 ? 0 : Math.max(1, Math.round(share * inner));
  const start = inner - text.length;
  const bars = '|'.repeat(Math.min(filled, start));
  return [
    { text: '[', style: 'bold' },
    { text: bars, style: attention ?? 'good' },
    { text: ' '.repeat(start - bars.length) },
    { text, ...marked },
    { text: ']', style: 'bold' },
  ];
}
