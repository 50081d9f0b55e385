import { hexByte } from './hex.ts';

/**
 * Characters that can act on a terminal: C0 and C1 control characters (escape codes start with them), DEL, line
 * and paragraph separators, and the characters that change the direction of text.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Makes text from outside (a container, a file) safe to print on one line of a terminal: writes characters that
 * can act on the terminal as `\x1b` or `\u202e`.
 */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${hexByte(code)}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
