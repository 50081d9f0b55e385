import { fitted } from './cell.ts';
import type { Line } from './screen.ts';

/** Terminal columns of the menu. */
export const MENU_WIDTH = 14;

/** The columns to sort by, as htop lists them at the left. */
export function menuLines(columns: readonly { title: string }[], chosen: number, height: number): Line[] {
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
