import { fitToWidth } from '../../base/display-width.ts';
import { limitShare } from '../../model/limits.ts';
import type { DescriptorUse } from '../../model/overview.ts';
import type { SocketCounts } from '../../model/socket-counts.ts';
import type { Span, Style } from './screen.ts';

/** States that a bar shows as one part. */
export interface Part {
  style: Style;
  /** Stands for it where there are no colours. */
  letter: string;
  title: string;
  states: readonly string[];
}

/** The parts of a bar, from left to right. What is in none of them is the last: UDP, RAW, CLOSE. */
export const PARTS: readonly Part[] = [
  { style: 'established', letter: 'E', title: 'Estab', states: ['ESTABLISHED'] },
  { style: 'listen', letter: 'L', title: 'Listen', states: ['LISTEN'] },
  { style: 'opening', letter: 'S', title: 'Syn', states: ['SYN_SENT', 'SYN_RECV'] },
  { style: 'close-wait', letter: 'C', title: 'CloseWait', states: ['CLOSE_WAIT'] },
  { style: 'closing', letter: 'F', title: 'Closing', states: ['FIN_WAIT1', 'FIN_WAIT2', 'LAST_ACK', 'CLOSING'] },
  { style: 'time-wait', letter: 'T', title: 'TimeWait', states: ['TIME_WAIT'] },
  { style: 'other', letter: 'o', title: 'Other', states: [] },
];

/** Sockets of each of {@link PARTS}. */
export function partCounts({ total, byState }: SocketCounts): number[] {
  const counts = PARTS.map(({ states }) => states.reduce((sum, state) => sum + (byState[state] ?? 0), 0));
  const named = counts.reduce((sum, count) => sum + count, 0);
  counts[counts.length - 1] = Math.max(0, total - named);
  return counts;
}

/**
 * A bar of the parts of some counts, in brackets. A part that has a socket has a place as long as there
 * is one, so that a handful in CLOSE_WAIT beside thousands can be seen.
 *
 * @param full the total that would fill the bar
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

/** Places of each count; their sum is at most `inner`. */
function partLengths(counts: readonly number[], full: number, inner: number): number[] {
  if (full === 0) return counts.map(() => 0);
  let sum = 0;
  // Each ends where the sum of all up to it does, so that a full bar has no gap at its end.
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

/** From these shares of the limit on descriptors are few, and very few. */
const FEW = 0.7;
const VERY_FEW = 0.9;

/** `[||||   63/1024]`: descriptors of the fullest process, as htop draws a meter. */
export function descriptorBar(use: DescriptorUse | undefined, width: number): Span[] {
  if (use === undefined) return [{ text: '-'.padStart(width), style: 'dim' }];
  const { used, softLimit } = use;
  const text = softLimit === null ? `${used}` : `${used}/${softLimit}`;
  const inner = width - 2;
  if (inner < text.length) return [{ text: fitToWidth(text, width, 'right') }];
  const share = Math.min(1, limitShare(used, softLimit) ?? 0);
  const filled = share === 0 ? 0 : Math.max(1, Math.round(share * inner));
  const style: Style = share >= VERY_FEW ? 'bad' : share >= FEW ? 'warning' : 'good';
  const start = inner - text.length;
  const bars = '|'.repeat(Math.min(filled, start));
  return [
    { text: '[', style: 'bold' },
    { text: bars, style },
    { text: ' '.repeat(start - bars.length) },
    { text, ...(share >= FEW ? { style } : {}) },
    { text: ']', style: 'bold' },
  ];
}
