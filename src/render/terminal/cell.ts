import { displayWidth, fitToWidth } from '../../base/display-width.ts';
import { safeText } from '../../base/safe-text.ts';
import type { Line, Span } from './screen.ts';

/** Makes text safe for a terminal and exactly `width` columns wide: cut with an ellipsis, or padded. */
export function fitted(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  return fitToWidth(safeText(text), width, align);
}

/** Cuts or pads a line to exactly `width` terminal columns. */
export function fittedLine(line: Line, width: number): Line {
  const fitting: Span[] = [];
  let left = width;
  for (const span of line) {
    if (left <= 0) break;
    const wide = displayWidth(span.text);
    if (wide <= left) fitting.push(span);
    else fitting.push({ ...span, text: fitted(span.text, left) });
    left -= Math.min(wide, left);
  }
  if (left > 0) fitting.push({ text: ' '.repeat(left) });
  return fitting;
}

/** A line with text at both ends; the left part is cut when there is not enough room. */
export function twoEnds(left: Line, right: Line, width: number): Line {
  const wide = right.reduce((sum, { text }) => sum + displayWidth(text), 0);
  if (wide >= width) return fittedLine(right, width);
  return [...fittedLine(left, width - wide), ...right];
}
