import { eastAsianWidth } from 'get-east-asian-width';

const ELLIPSIS = '…';
const OTHER_THAN_ASCII = /[^\x20-\x7e]/;
/** A combining mark stands on the character before it; a control character does not print. */
const WITHOUT_WIDTH = /[\p{Mark}\p{Cc}]/u;

/** Terminal columns that a text takes: two for each wide character, none for a combining mark or a control character. */
export function displayWidth(text: string): number {
  if (!OTHER_THAN_ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** A text of at most so many terminal columns; where it is cut, an ellipsis takes the last. */
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

/** A text padded with blanks to at least so many terminal columns. */
export function padToWidth(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const padding = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + padding : padding + text;
}

/** A text of exactly so many terminal columns: cut with an ellipsis, or padded. */
export function fitToWidth(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  return padToWidth(cutToWidth(text, width), width, align);
}

function characterWidth(character: string): number {
  return WITHOUT_WIDTH.test(character) ? 0 : eastAsianWidth(character.codePointAt(0) ?? 0);
}
