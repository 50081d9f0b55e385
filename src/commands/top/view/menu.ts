import { fitted } from '../../../render/terminal/cell.ts';
import type { Line } from '../../../render/terminal/screen.ts';

/** Width of the menu in terminal columns. */
export const MENU_WIDTH = 14;

/** The menu of columns to sort by, at the left as in htop. */
export function menuLines(columns: readonly { title: string }[], selected: number, height: number): Line[] {
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
