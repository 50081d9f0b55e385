import { eastAsianWidth } from 'get-east-asian-width';

const ELLIPSIS = '…';
const OTHER_THAN_ASCII = /[^\x20-\x7e]/;
/** Characters of width 0: a combining mark is drawn over the character before it, a control character is not drawn. */
const WITHOUT_WIDTH = /[\p{Mark}\p{Cc}]/u;

/** Width of a text in terminal columns: two for a wide character, none for a combining mark or a control character. */
export function displayWidth(text: string): number {
  if (!OTHER_THAN_ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Cuts a text to at most `width` terminal columns; a cut text ends in an ellipsis, which takes one column. */
export function cutToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width <= 0) return '';
  let cut = '';
  let used = 0;
  for (const character of text) {
    const next = characterWidth(character);
    if (used + next > width - 1) break;
    cut += character;
    used += next;
  }
  return cut + ELLIPSIS;
}

/** Pads a text with blanks to at least `width` terminal columns. */
export function padToWidth(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const padding = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + padding : padding + text;
}

/** Cuts a text with an ellipsis or pads it, so that it takes exactly `width` terminal columns. */
export function fitToWidth(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  return padToWidth(cutToWidth(text, width), width, align);
}

function characterWidth(character: string): number {
  return WITHOUT_WIDTH.test(character) ? 0 : eastAsianWidth(character.codePointAt(0) ?? 0);
}
