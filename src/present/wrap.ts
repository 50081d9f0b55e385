import { displayWidth } from './table.ts';

/**
 * Breaks a sentence into lines at its blanks.
 *
 * @param text safe for a terminal already
 * @param width terminal columns; undefined for no limit. A word that is wider stands alone, uncut
 * @param first what the first line begins with
 * @param rest what the others begin with
 * @returns lines without newlines, joined by them
 */
export function wrap(text: string, width: number | undefined, first = '', rest = first.replace(/./gu, ' ')): string {
  if (width === undefined) return first + text;
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line].join('\n');
}
