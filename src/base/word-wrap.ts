import { displayWidth } from './display-width.ts';

/**
 * Breaks a text into lines at its blanks.
 *
 * @param width terminal columns of a line, its prefix included; undefined for no limit. A wider word gets a line of
 *   its own and is not cut
 * @param first prefix of the first line
 * @param rest prefix of the other lines; by default blanks as wide as `first`
 * @returns at least one line, without newlines
 */
export function wrapWords(
  text: string,
  width: number | undefined,
  first = '',
  rest = ' '.repeat(displayWidth(first)),
): string[] {
  if (width === undefined) return [first + text];
  const lines: string[] = [];
  let line = first;
  let lineWidth = displayWidth(first);
  let empty = true;
  for (const word of text.split(' ')) {
    const wordWidth = displayWidth(word);
    if (!empty && lineWidth + 1 + wordWidth > width) {
      lines.push(line);
      line = rest;
      lineWidth = displayWidth(rest);
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    lineWidth += wordWidth + (empty ? 0 : 1);
    empty = false;
  }
  return [...lines, line];
}
